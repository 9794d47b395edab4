"""Whether anybody added a load that matters to a volume that got worse."""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.case import VolumeCase
from correlator.analysis.links import ramp
from correlator.analysis.price import PRIOR, Prices, learn_prices
from correlator.analysis.windows import Spans, mean_over

MOSTLY_NEW = 0.6
"""Part of what a volume serves from which on the load is another than the one it bore."""

SMALLEST_BUSY_RISE = 0.1
"""A rise of utilization below this is not divided into what the load explains and what it does not."""

SMALLEST_FLUSH_RATE = 5.0
"""Flushes a second that any device bears."""


def load_was_added(volume: VolumeCase, spans: Spans) -> float:
    """Probability that somebody added a load that matters: beside what was, what is, and what was borne.

    What each pod added counts, whatever others do less: they slow down because of it.
    """
    part = volume.contributions.added_part
    flushed, busy = _flushed(volume, spans), _BusyTime.of(volume, spans)
    told = min(
        max(
            ramp(volume.contributions.gross_rise, (0.08, 0.0), (0.2, 0.5), (0.4, 0.95), (1.0, 0.99)),
            ramp(busy.added / busy.before if busy.before > 0 else 0.0, (0.1, 0.0), (0.25, 0.6), (0.5, 0.97)),
        ),
        ramp(part, (0.05, 0.0), (0.15, 0.5), (0.3, 0.95), (0.5, 0.99)),
        max(_burdened(volume, spans), busy.kept, flushed, ramp(part, (MOSTLY_NEW, 0.0), (0.9, 0.99))),
    )
    return max(told, flushed * ramp(part, (0.05, 0.0), (0.15, 0.8)))


def _burdened(volume: VolumeCase, spans: Spans) -> float:
    """Probability that the load is more than the device bore well: at quiet prices, against its quiet loads.

    A job that happens to start when a device breaks adds load too; on a quiet day such a load hurt nobody.
    """
    use = volume.worse.use
    quiet = learn_prices(use.load, use.queue_depth, spans.before)
    borne = quiet.of(use.load)
    known = borne[spans.before & np.isfinite(borne)]
    usual = float(np.quantile(known, 0.98)) if len(known) else float("nan")
    now = mean_over(borne, spans.during)
    beyond = ramp(now / usual if usual > 0 else float("inf"), (0.8, 0.0), (1.2, 0.7), (1.6, 1.0))
    busy = _added_busy(volume, quiet)
    heavy = max(busy, _added_busy(volume, Prices(PRIOR, 0)))  # what the quiet day never priced: an ordinary SSD's word
    return max(beyond * ramp(busy, (0.02, 0.0), (0.1, 1.0)), ramp(heavy, (0.2, 0.0), (0.5, 0.8), (1.0, 1.0)))


@dataclass(frozen=True, slots=True)
class _BusyTime:
    """Busy time of the device before, how much it rose, and what was added by what it cost on quiet steps; 0–1 each."""

    before: float
    rise: float
    added: float

    @classmethod
    def of(cls, volume: VolumeCase, spans: Spans) -> "_BusyTime":
        use = volume.worse.use
        before, during = (mean_over(use.utilization, steps) for steps in (spans.before, spans.during))
        added = _added_busy(volume, learn_prices(use.load, use.utilization, spans.before))
        return cls(before, during - before, added)

    @property
    def kept(self) -> float:
        """Probability that what was added is what keeps it busier.

        A device that got slow is busy with the load that it always had; one that got more to do, with what was added.
        """
        if not self.rise >= SMALLEST_BUSY_RISE:
            return 0.0
        return ramp(self.added / self.rise, (0.15, 0.0), (0.3, 0.6), (0.45, 0.95), (0.8, 0.99))


def _flushed(volume: VolumeCase, spans: Spans) -> float:
    """Probability that flushes are what was added: they cost what neither operations nor bytes show."""
    flushes = volume.worse.use.flushes
    before, during = mean_over(flushes, spans.before), mean_over(flushes, spans.during)
    more = during / max(before, SMALLEST_FLUSH_RATE)
    return ramp(more, (2.0, 0.0), (4.0, 0.7), (8.0, 0.97))


def _added_busy(volume: VolumeCase, prices: Prices) -> float:
    """Device seconds a second that were added, at these prices."""
    rises = prices.of(np.array([item.during - item.before for item in volume.contributions.items]).T)
    return float(rises[rises > 0].sum())
