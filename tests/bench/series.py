"""Series as functions of time: the same values whoever asks, and whenever."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats

Rows: TypeAlias = list[dict[str, str]]

BEGIN = 1_800_000_000
"""When all counters started."""

SCRAPE_SECONDS = 15


@dataclass(frozen=True, eq=False)
class Series:
    """The series of one signal: `rows` makes their labels anew, `values` has shape (rows, times)."""

    rows: Callable[[], Rows]
    values: Callable[[Floats], Floats]


def counted(rate: Floats, rng: np.random.Generator, *, whole: bool) -> Callable[[Floats], Floats]:
    """Counters that grow by `rate` a second, give or take a third in waves of their own; `whole` ones by ones."""
    period = rng.uniform(60, 900, len(rate))[:, None]
    phase = rng.uniform(0, 2 * np.pi, len(rate))[:, None]

    def values(times: Floats) -> Floats:
        elapsed = times[None, :] - BEGIN
        waves = period / (2 * np.pi) * (np.cos(phase) - np.cos(2 * np.pi * elapsed / period + phase))
        totals = rate[:, None] * (elapsed + 0.3 * waves)
        return np.asarray(np.floor(totals) if whole else np.round(totals, 4))

    return values


def steady(level: Floats) -> Callable[[Floats], Floats]:
    """Readings that never change; an info is one that reads 1."""
    return lambda times: np.repeat(level[:, None], len(times), axis=1)


def beating(count: int) -> Callable[[Floats], Floats]:
    """The time of the newest scrape at each time."""
    return lambda times: np.repeat((times // SCRAPE_SECONDS * SCRAPE_SECONDS)[None, :], count, axis=0)


def switched(
    at: float, chosen: NDArray[np.bool_], before: Callable[[Floats], Floats], after: Callable[[Floats], Floats]
) -> Callable[[Floats], Floats]:
    """Counters of which the chosen rows go on in another way from `at` on."""

    def values(times: Floats) -> Floats:
        moment = np.array([at])
        other = before(moment) + after(np.maximum(times, at)) - after(moment)
        return np.where(chosen[:, None] & (times >= at)[None, :], other, before(times))

    return values


def bucketed(
    rate: Floats, mean: Floats, bounds: NDArray[np.float64], rng: np.random.Generator
) -> Callable[[Floats], Floats]:
    """Cumulative bucket counters of lognormal values, row after row `len(bounds)` of them (the last bound is inf)."""
    with np.errstate(divide="ignore"):
        distance = (np.log(bounds)[None, :] - np.log(mean)[:, None]) / 0.5
    below = 1.0 / (1.0 + np.exp(-1.7 * distance))
    shares = np.diff(below, axis=1, prepend=0.0)
    each = counted((rate[:, None] * shares).ravel(), rng, whole=True)

    def values(times: Floats) -> Floats:
        counts = each(times).reshape(len(rate), len(bounds), len(times))
        return np.asarray(np.cumsum(counts, axis=1).reshape(-1, len(times)))

    return values
