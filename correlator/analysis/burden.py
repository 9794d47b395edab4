"""Whether anybody added a load that matters to a volume that got worse."""

import numpy as np

from correlator.analysis.case import VolumeCase
from correlator.analysis.links import ramp
from correlator.analysis.price import PRIOR, Prices, learn_prices
from correlator.analysis.windows import Spans, mean_over

MOSTLY_NEW = 0.6
"""Part of what a volume serves from which on the load is another than the one it bore."""

SMALLEST_BUSY_RISE = 0.05
"""A rise of utilization below this is not divided into what the load explains and what it does not."""

SMALLEST_FLUSH_RATE = 5.0
"""Flushes a second that any device bears."""


def load_was_added(volume: VolumeCase, spans: Spans) -> float:
    """Probability that somebody added a load that matters: beside what was, what is, and what was borne."""
    part = volume.contributions.added_part
    return min(
        ramp(volume.contributions.gross_rise, (0.08, 0.0), (0.2, 0.5), (0.4, 0.95), (1.0, 0.99)),
        ramp(part, (0.05, 0.0), (0.15, 0.5), (0.3, 0.95), (0.5, 0.99)),
        max(
            _burdened(volume, spans),
            _kept_busy(volume, spans),
            _flushed(volume, spans),
            ramp(part, (MOSTLY_NEW, 0.0), (0.9, 0.99)),
        ),
    )


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


def _kept_busy(volume: VolumeCase, spans: Spans) -> float:
    """Probability that the load is what keeps the device busier than before, by what busy time cost on quiet steps.

    A device that got slow is busy with the load that it always had; one that got more to do, with what was added.
    """
    use = volume.worse.use
    before, during = (mean_over(use.utilization, steps) for steps in (spans.before, spans.during))
    if not during - before >= SMALLEST_BUSY_RISE:
        return 0.0
    prices = learn_prices(use.load, use.utilization, spans.before)
    expected = mean_over(prices.of(use.load), spans.during) - mean_over(prices.of(use.load), spans.before)
    return ramp(expected / (during - before), (0.15, 0.0), (0.3, 0.6), (0.45, 0.95), (0.8, 0.99))


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
