"""A curve in one line of text."""

from collections.abc import Sequence

import numpy as np

BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING = "·"


def sparkline(values: Sequence[float | None], width: int = 60) -> str:
    """The curve from 0 to its maximum in at most `width` characters; `·` where nothing is known.

    Each character stands for the largest of its values, so that no peak is lost.
    """
    known = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    parts = [part[~np.isnan(part)] for part in np.array_split(known, min(width, len(known)))] if len(known) else []
    peaks = [float(part.max()) if part.size else None for part in parts]
    top = max((peak for peak in peaks if peak is not None), default=0.0)
    return "".join(_block(peak, top) for peak in peaks)


def _block(peak: float | None, top: float) -> str:
    if peak is None:
        return NOTHING
    level = 0.0 if top <= 0 else max(0.0, peak) / top
    return BLOCKS[min(len(BLOCKS) - 1, int(level * len(BLOCKS)))]


def mark(index: int, count: int, width: int = 60) -> int:
    """The character of a sparkline that stands for the value at `index` of `count`."""
    ends = np.cumsum([len(part) for part in np.array_split(np.arange(count), min(width, count))])
    return int(np.searchsorted(ends, index, side="right"))
