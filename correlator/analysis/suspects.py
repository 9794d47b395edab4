"""Who added load to the volume: every pod's rise of device time, its share, its timing and how unusual it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.cadence import Steps, evened
from correlator.analysis.flushes import flushes_per_write
from correlator.analysis.occasions import occasion_balance
from correlator.analysis.price import Prices
from correlator.analysis.rowwise import ROUNDING, above, at_least, block_means, deviations, means
from correlator.analysis.tracking import tracking
from correlator.analysis.volumes import DeviceUse, PodsOnVolume
from correlator.analysis.windows import Spans, mean_over
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
    days of its workload tell that, or where on a shared back end the window does. `tracking` and `recurred`: see
    `tracking` and `occasions`.
    `flush_seconds` is the device time of the flushes that come with one of its writes.
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
    flush_seconds: float
    recurrence: Recurrence | None = None

    def cost(self, prices: Prices, load: Floats) -> Floats:
        """Device time of a load of its own with shape (4, …), flushes included."""
        return priced(load, prices, self.flush_seconds)


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
    loads = np.concatenate(
        [np.empty((4, 0, len(pods.told))), *(pod.load[:, None] for pod in pods.loads.values())], axis=1
    )
    unattributed = np.where(pods.told, evened(use.load, pods.read) - loads.sum(axis=1), np.nan)
    flushes = evened(use.flushes, pods.read)
    each = prices.flush * flushes_per_write(flushes, np.vstack([loads[1], unattributed[1]]), spans)
    parts = [
        _Part.of(tuple(pods.loads), loads, prices, each[:-1], spans),
        _Part.of((None,), unattributed[:, None], prices, each[-1:], _settled(spans, onset, pods.read, step)),
    ]
    total = sum(float(np.maximum(part.rises, 0.0).sum()) for part in parts)
    queue = evened(use.queue_depth, pods.read)
    items = sorted(
        (item for part in parts for item in part.contributions(total, onset, queue)),
        key=lambda item: (-item.rise, str(item.ref)),
    )
    before = mean_over(prices.of_device(use.load, use.flushes), spans.before)
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
    before, during = np.array([item.before for item in items]), np.array([item.during for item in items])
    served = np.nan_to_num(during).sum(axis=0)
    added = np.maximum(np.nan_to_num(during - before), 0.0).sum(axis=0)
    parts = [(added[:2].sum(), served[:2].sum()), (added[2:].sum(), served[2:].sum())]
    return max((float(new / whole) for new, whole in parts if whole > 0), default=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Loads that are measured over the same steps: N of them, in the order of `refs`.

    `device_time` has shape (N, T), `before` and `during` (N, 4), `rises` (N,).
    """

    refs: Sequence[PodRef | None]
    spans: Spans
    device_time: Floats
    before: Floats
    during: Floats
    rises: Floats
    flush_seconds: Floats

    @classmethod
    def of(
        cls, refs: Sequence[PodRef | None], loads: Floats, prices: Prices, flush_seconds: Floats, spans: Spans
    ) -> "_Part":
        """Loads of shape (4, N, T), measured: a rise is of means of at least 0, priced; 0 where a side is not known."""
        before, during = means(loads, spans.before), means(loads, spans.during)
        usual = priced(np.maximum(before, 0.0), prices, flush_seconds)
        rises = priced(np.maximum(during, 0.0), prices, flush_seconds) - usual
        rises = np.where(np.abs(rises) > ROUNDING * usual, rises, 0.0)
        device_time = np.maximum(priced(loads, prices, flush_seconds[:, None]), 0.0)
        return cls(refs, spans, device_time, before.T, during.T, rises, flush_seconds)

    def contributions(self, total: float, onset: int, queue: Floats) -> Iterator[Contribution]:
        """Each load with its rise as part of the `total` of rises."""
        shares = np.maximum(self.rises, 0.0) / total if total > 0 else np.zeros(len(self.rises))
        return map(
            Contribution,
            self.refs,
            self.device_time,
            self.before,
            self.during,
            self.rises.tolist(),
            shares.tolist(),
            lags(self.device_time, self.spans, onset),
            p_values(self.device_time, self.spans),
            tracking(self.device_time, queue, self.spans.before | self.spans.during).tolist(),
            occasion_balance(self.device_time, self.spans).tolist(),
            self.flush_seconds.tolist(),
        )


def priced(load: Floats, prices: Prices, flush_seconds: Floats | float) -> Floats:
    """Device time of a load with shape (4, …), with `flush_seconds` for the flushes of each write."""
    return np.asarray(prices.of(load) + flush_seconds * load[1])


def lags(device_time: Floats, spans: Spans, onset: int) -> list[int | None]:
    """Where each load, of shape (N, T), left its own quiet range, in steps from the onset; negative: earlier.

    A tenth of the rise is enough, so that a ramp begins where it begins. None without a rise near the onset.
    """
    low, high = means(device_time, spans.before), means(device_time, spans.during)
    enough = low + np.maximum(
        0.1 * (high - low), np.minimum(3.0 * deviations(device_time, spans.before), 0.5 * (high - low))
    )
    start = max(0, onset - LAG_STEPS)
    up = (device_time[:, start : onset + LAG_STEPS + 1] > enough[:, None]) & above(high, low)[:, None]
    near = min(onset - start, up.shape[1] - 1)
    quiet_before = np.where(up[:, :near], -1, np.arange(near)).max(axis=1, initial=-1)
    # the run that holds at the onset counts, not an older burst
    first = np.where(up[:, near], quiet_before + 1, np.argmax(up, axis=1)) + start - onset
    return [lag if rose else None for lag, rose in zip(first.tolist(), np.any(up, axis=1).tolist(), strict=True)]


def p_values(device_time: Floats, spans: Spans) -> list[float | None]:
    """For each load, of shape (N, T), the share of equally long quiet stretches with at least what was seen during.

    The seen one counts itself. None where there is no such stretch, or nothing is known during.
    """
    length = max(1, min(int(spans.during.sum()), int(spans.before.sum()) // 4))
    blocks = block_means(device_time, spans.before, length)
    during = means(device_time, spans.during)
    number = np.isfinite(blocks).sum(axis=1)
    found = (1 + at_least(blocks, during[:, None]).sum(axis=1)) / (1 + number)
    known = (number > 0) & np.isfinite(during)
    return [p if seen else None for p, seen in zip(found.tolist(), known.tolist(), strict=True)]


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
