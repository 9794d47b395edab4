"""Who added load to the volume: every pod's rise of device time, its share, its timing and how unusual it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.cadence import Steps, evened
from correlator.analysis.occasions import recurred
from correlator.analysis.price import Prices
from correlator.analysis.rates import Bools
from correlator.analysis.tracking import tracking
from correlator.analysis.volumes import DeviceUse, PodsOnVolume
from correlator.analysis.windows import Spans, block_means, mean_over
from correlator.model.finding import Recurrence
from correlator.model.frame import Floats
from correlator.model.topology import PodRef

SHARE_OF_CULPRIT = 0.1
"""A culprit adds at least this share of the device time that was added."""

LATE_SECONDS = 15
"""The kubelet reads its cgroups this much later than a device's counters are read, and a step more until it shows."""

LAG_STEPS = 20
"""How far from the onset a suspect's own rise is looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """What one pod (or, with `ref` None, what no pod accounts for) put on the volume.

    `load` and the two means have the four rates of `volumes.RATES`; `device_time` is the priced load, shape (T,).
    `rise` is seconds of device time a second more than before; `share` its part of all rises, 0 when it fell.
    `lag_steps` is when its own rise began, relative to the onset; None when it has none near it.
    `p_value`: how often an equally long quiet stretch rose as much; None without history. `recurrence` is there where
    days of its workload tell that, not the window. `tracking` and `recurred`: see `tracking` and `occasions`.
    """

    ref: PodRef | None
    device_time: Floats
    before: Floats
    during: Floats
    rise: float
    share: float
    lag_steps: int | None
    p_value: float | None
    tracking: float
    recurred: float
    recurrence: Recurrence | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """All contributions, largest rise first, and how the whole load moved.

    `gross_rise` is the sum of rises over the priced load before: near 0 when nobody added anything. `added_part` is
    which part of the operations, or of the bytes, that the volume served during was added since before, 0–1: near 0
    when whoever added something added too little to matter, as a small job on a device that got slow.
    """

    items: tuple[Contribution, ...]
    gross_rise: float
    added_part: float

    def of(self, ref: PodRef | None) -> Contribution | None:
        """One pod's contribution."""
        return next((item for item in self.items if item.ref == ref), None)

    def share_of(self, ref: PodRef | None) -> float:
        """One pod's share of the rise, 0 when it has none."""
        found = self.of(ref)
        return found.share if found is not None else 0.0


def contributions(
    pods: PodsOnVolume, use: DeviceUse, prices: Prices, spans: Spans, onset: int, step: int
) -> Contributions:
    """Split what was added to a volume among the pods on it; `step` in seconds.

    Priced loads add up, so each one's Shapley value is its own rise. What the device did beyond the pods' sum is
    unattributed; merged operations make the pods' sum exceed the device's, which is no negative load.
    """
    queue = evened(use.queue_depth[None, :], pods.read)[0]
    of_pods, of_rest = (
        _Measure(prices, each, onset, queue) for each in (spans, _settled(spans, onset, pods.read, step))
    )
    parts: list[tuple[PodRef | None, Floats, _Measure]] = [
        (ref, pods.loads[ref].load, of_pods) for ref in sorted(pods.loads)
    ]
    parts.append((None, _unattributed([load for _, load, _ in parts], evened(use.load, pods.read), pods.told), of_rest))
    rises = [measure.rise(load) for _, load, measure in parts]
    total = sum(max(0.0, rise) for rise in rises)
    before = mean_over(prices.of(use.load), spans.before)
    items = [
        measure.contribution(ref, load, rise, total) for (ref, load, measure), rise in zip(parts, rises, strict=True)
    ]
    items.sort(key=lambda item: (-item.rise, str(item.ref)))
    gross = total / before if before > 0 else float("inf") if total > 0 else 0.0
    return Contributions(tuple(items), gross, _added_part(items))


def _settled(spans: Spans, onset: int, read: Steps | None, step: int) -> Spans:
    """Without the first steps: pods' counters tell later than the device's, and what they do looks like nobody's.

    A reading shows up to two readings after what it counts, one for the kubelet's cache and one for the scrape. Fewer
    than two readings are left out as well.
    """
    between = 1.0 if read is None else float(np.median(np.diff(read)))
    first = onset + 1 + int(np.ceil(max(LATE_SECONDS / step, 2.0 * between)))
    steps = np.arange(len(spans.during))
    during = spans.during & (steps >= first) & (steps <= (steps[-1] if read is None else read[-1]))
    return replace(spans, during=during & (during.sum() >= 2.0 * between))


def _added_part(items: Sequence[Contribution]) -> float:
    """Added over served during, for operations and for bytes; the larger. What fell elsewhere does not cancel."""
    served = sum((np.nan_to_num(item.during) for item in items), np.zeros(4))
    added = sum((np.maximum(np.nan_to_num(item.during - item.before), 0.0) for item in items), np.zeros(4))
    parts = [(added[:2].sum(), served[:2].sum()), (added[2:].sum(), served[2:].sum())]
    return max((float(new / whole) for new, whole in parts if whole > 0), default=0.0)


def _unattributed(loads: Sequence[Floats], device: Floats, told: Bools) -> Floats:
    """Device total minus the pods' sum, NaN where any pod's part is not known; single steps may be negative."""
    known = sum(loads, np.zeros_like(device))
    return np.where(told, device - known, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class _Measure:
    """What every contribution is measured with."""

    prices: Prices
    spans: Spans
    onset: int
    queue: Floats

    def rise(self, load: Floats) -> float:
        """Priced mean during minus before, each rate's mean at least 0; 0 where a side is not known."""
        before = self.prices.of(np.maximum(_means(load, self.spans.before), 0.0))
        during = self.prices.of(np.maximum(_means(load, self.spans.during), 0.0))
        rise = float(during - before)
        return rise if np.isfinite(rise) else 0.0

    def contribution(self, ref: PodRef | None, load: Floats, rise: float, total: float) -> Contribution:
        """One load with its rise as part of the `total` of rises."""
        device_time = np.maximum(self.prices.of(load), 0.0)
        return Contribution(
            ref=ref,
            device_time=device_time,
            before=_means(load, self.spans.before),
            during=_means(load, self.spans.during),
            rise=rise,
            share=max(0.0, rise) / total if total > 0 else 0.0,
            lag_steps=_lag(device_time, self.spans, self.onset),
            p_value=_p_value(device_time, self.spans),
            tracking=tracking(device_time, self.queue, self.spans.before | self.spans.during),
            recurred=recurred(device_time, self.spans),
        )


def _means(load: Floats, steps: Bools) -> Floats:
    return np.array([mean_over(rate, steps) for rate in load])


def _lag(device_time: Floats, spans: Spans, onset: int) -> int | None:
    """Where its load left its own quiet range, in steps from the onset; negative: earlier.

    A tenth of the rise is enough, so that a ramp begins where it begins.
    """
    low, high = mean_over(device_time, spans.before), mean_over(device_time, spans.during)
    if not (np.isfinite(low) and np.isfinite(high)) or high <= low:
        return None
    start = max(0, onset - LAG_STEPS)
    window = np.nan_to_num(device_time[start : onset + LAG_STEPS + 1], nan=low)
    up = window > low + max(0.1 * (high - low), min(3.0 * _spread(device_time, spans.before), 0.5 * (high - low)))
    if not up.any():
        return None
    first = int(np.argmax(up))
    near = min(onset - start, len(up) - 1)
    if up[near]:  # the run that holds at the onset counts, not an older burst
        quiet_before = np.flatnonzero(~up[:near])
        first = int(quiet_before[-1]) + 1 if len(quiet_before) else 0
    return first + start - onset


def _spread(device_time: Floats, steps: Bools) -> float:
    """Standard deviation over the chosen steps; 0 when none is known."""
    known = device_time[steps & np.isfinite(device_time)]
    return float(known.std()) if len(known) else 0.0


def _p_value(device_time: Floats, spans: Spans) -> float | None:
    """Share of equally long quiet stretches with at least the load seen during, counting the seen one itself."""
    length = max(1, min(int(spans.during.sum()), int(spans.before.sum()) // 4))
    blocks = block_means(device_time, spans.before, length)
    during = mean_over(device_time, spans.during)
    if not len(blocks) or not np.isfinite(during):
        return None
    return float((1 + int((blocks >= during).sum())) / (1 + len(blocks)))


def q_values(p_values: Sequence[float | None]) -> list[float | None]:
    """Benjamini-Yekutieli adjusted p-values, valid under any dependence (doi:10.1214/aos/1013699998); None stays."""
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    size = len(known)
    penalty = sum(1.0 / rank for rank in range(1, size + 1))
    adjusted: list[float | None] = [None] * len(p_values)
    smallest = 1.0
    for rank in range(size, 0, -1):
        p, position = known[rank - 1]
        smallest = min(smallest, p * size * penalty / rank)
        adjusted[position] = smallest
    return adjusted
