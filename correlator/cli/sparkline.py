"""A curve in one line of text."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING = "·"


def sparkline(values: Sequence[float | None], width: int = 60, top: float | None = None) -> str:
    """The curve from 0 to `top` (its own maximum unless given) in at most `width` characters.

    Each character stands for the largest of its values, so that no peak is lost; `·` where nothing is known.
    """
    known = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    bounds = _bounds(len(known), width)
    parts = [known[first:last] for first, last in pairwise(bounds)]
    peaks = [None if np.isnan(part).all() else float(np.nanmax(part)) for part in parts]
    highest = max((peak for peak in peaks if peak is not None), default=0.0) if top is None else top
    return "".join(_block(peak, highest) for peak in peaks)


def position(index: int, count: int, width: int = 60) -> int:
    """The character of a sparkline of `count` values that stands for the one at `index`."""
    return int(np.searchsorted(_bounds(count, width), index, side="right")) - 1


def _bounds(count: int, width: int) -> NDArray[np.int64]:
    """Where each character's values begin, and at last where they end: parts of equal size, as far as possible."""
    return np.linspace(0, count, min(width, count) + 1).astype(np.int64)


def _block(peak: float | None, top: float) -> str:
    if peak is None:
        return NOTHING
    level = 0.0 if top <= 0 else max(0.0, peak) / top
    return BLOCKS[min(len(BLOCKS) - 1, int(level * len(BLOCKS)))]
