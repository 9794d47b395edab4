"""The newest steps of a window, and what they say."""

from math import isfinite

import numpy as np

from correlator.analysis.rates import gains_of
from correlator.model.frame import Floats, Frame, Frames

NOW_STEPS = 4
"""How many of the newest steps make up the present of a device."""


def tail_of(frame: Frame) -> Frame:
    """The newest steps of a frame and the one before them."""
    grid = frame.grid.tail(NOW_STEPS + 1)
    return Frame(frame.signal, grid, frame.labels, frame.values[:, frame.grid.count - grid.count :])


def tails_of(frames: Frames) -> Frames:
    """The newest steps of every frame."""
    by_signal = {name: tail_of(frame) for name, frame in frames.by_signal.items()}
    return Frames(frames.grid.tail(NOW_STEPS + 1), by_signal, frames.intervals, frames.quality)


def known_or_none(value: float) -> float | None:
    """The value; None where it is not finite."""
    return value if isfinite(value) else None


def rates_now(frames: Frames, signal: str, heartbeat: str) -> Floats:
    """Mean rate of each row over the newest known steps, shape (rows,); NaN where none is known."""
    frame = frames.get(signal)
    if not frame.labels or frame.grid.count < 2:  # noqa: PLR2004
        return np.full(len(frame.labels), np.nan)
    gained = gains_of(frames, signal, heartbeat)
    known = np.isfinite(gained)
    number = known.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(number > 0, np.nansum(gained, axis=1) / number / frame.grid.step, np.nan)
