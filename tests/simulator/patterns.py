"""Shapes in time: when a load is on, how it grows, how it wavers. All have shape (T,) over ticks."""

from collections.abc import Callable, Mapping

import numpy as np

from tests.simulator.case import Floats


def within(times: Floats, start: float, end: float) -> Floats:
    """1 from `start` to `end`, else 0; `times` are the ticks' beginnings."""
    return ((times >= start) & (times < end)).astype(np.float64)


def waver(rng: np.random.Generator, times: Floats, spread: float, seconds: float) -> Floats:
    """A random factor around 1 that changes over so many seconds, with a little that changes at once."""
    knots = int((times[-1] - times[0]) / seconds) + 3
    slow = rng.normal(0.0, spread, knots)
    at = times[0] + seconds * (np.arange(knots) - rng.uniform())
    return np.exp(np.interp(times, at, slow) + rng.normal(0.0, 0.3 * spread, len(times)) - 0.5 * spread**2)


def steady(rng: np.random.Generator, times: Floats, start: float, end: float) -> Floats:
    """On throughout."""
    del rng
    return within(times, start, end)


def ramp(rng: np.random.Generator, times: Floats, start: float, end: float) -> Floats:
    """Grows from a fifth to all within the first part of its time, in stairs."""
    length = (end - start) * rng.uniform(0.15, 0.5)
    stairs = int(rng.integers(3, 9))
    grown = np.clip((times - start) / length, 0.0, 1.0)
    return within(times, start, end) * np.maximum(0.2, np.ceil(grown * stairs) / stairs)


def bursts(rng: np.random.Generator, times: Floats, start: float, end: float) -> Floats:
    """On and off, several times, on for about half of the time; it begins on."""
    period = (end - start) / rng.uniform(3.0, 6.0)
    on = period * rng.uniform(0.4, 0.65)
    return within(times, start, end) * (((times - start) % period) < on)


def periodic(rng: np.random.Generator, times: Floats, start: float, end: float) -> Floats:
    """As a cron job: short, a few times, with long pauses."""
    period = (end - start) / rng.integers(2, 5)
    on = period * rng.uniform(0.25, 0.45)
    return within(times, start, end) * (((times - start) % period) < on)


Pattern = Callable[[np.random.Generator, Floats, float, float], Floats]
PATTERNS: Mapping[str, Pattern] = {"steady": steady, "ramp": ramp, "bursts": bursts, "periodic": periodic}
