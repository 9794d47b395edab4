"""The links of the chain from a suspect's I/O to slow first tokens, each as a probability with its numbers.

Contention needs every link: the volume got worse than on a quiet day, the victim is exposed to it, and what load
leaves unexplained is large enough for it. A missing link caps the confidence, since links multiply; one that cannot
be seen is None and becomes a blind spot, never a guess.
"""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.level import Level
from correlator.analysis.load import LoadView, change
from correlator.analysis.price import Prices, learn_prices
from correlator.analysis.victims import Victim
from correlator.analysis.volumes import DeviceUse, PodLoad
from correlator.analysis.windows import Spans, known_share, mean_over, ratio_over, superiority
from correlator.model.finding import Change
from correlator.model.frame import Floats
from correlator.model.topology import Volume

WORSE = 0.5
"""From this probability on a volume counts as worse when a verdict is chosen."""

SEEN_SHARE = 0.5
"""A signal counts as seen when at least this share of the steps on both sides is known."""

LATENCY_FLOOR_SECONDS = 2.0e-4
"""A rise of latency below this is the noise of a fast device."""

BURST_QUANTILE = 0.98
BURST_REFERENCE = 20
"""A step is a burst when it lies above this part of the quiet ones, of which there must be so many."""

OVERWHELMING = ((0.3, 0.0), (0.6, 0.6), (1.0, 0.93), (2.0, 0.98))
"""Slower reads that cost a request as much as its whole first token took before are felt whatever else happened: where
they exceed what the service can bear, requests queue without bound and their own part of the wait gets small."""

FEWEST_READS = 0.05
EXPOSED_BY_WRITES = 0.4
"""A victim that is seen to read less than this for a request waits for its own writes, such as a log: its I/O pressure
then tells little of its first tokens."""

AMPLIFICATION = 3.0
"""Slow reads also make later requests queue: storage may explain up to this many times its direct cost."""


def ramp(value: float, *points: tuple[float, float]) -> float:
    """Probability at `value`, linear between (value, probability) points and flat outside them; NaN gives 0."""
    if not np.isfinite(value):
        return points[-1][1] if value == np.inf else 0.0
    return float(np.interp(value, [x for x, _ in points], [p for _, p in points]))


@dataclass(frozen=True, slots=True, eq=False)
class VolumeChange:
    """USE of one volume before and during, and the load that it had to serve.

    `got_worse` is the probability that it did. `seen`: whether the device's counters were known on both sides.
    """

    volume: Volume
    use: DeviceUse
    prices: Prices
    utilization: Change
    queue_depth: Change
    read_latency: Change
    write_latency: Change
    got_worse: float
    seen: bool
    errors: tuple[str, ...] = ()

    @property
    def latency_rise_seconds(self) -> float:
        """How much longer a read takes; 0 where it is not known or fell."""
        before, during = self.read_latency.baseline, self.read_latency.observed
        return max(0.0, during - before) if before is not None and during is not None else 0.0


def volume_change(volume: Volume, use: DeviceUse, spans: Spans, errors: tuple[str, ...] = ()) -> VolumeChange:
    """What happened to a volume when a victim's first tokens got slow."""
    reads, writes = use.load[0], use.load[1]
    read_latency = change(
        ratio_over(use.read_time, reads, spans.before), ratio_over(use.read_time, reads, spans.during)
    )
    write_latency = change(
        ratio_over(use.write_time, writes, spans.before), ratio_over(use.write_time, writes, spans.during)
    )
    utilization = change(mean_over(use.utilization, spans.before), mean_over(use.utilization, spans.during))
    queue = change(mean_over(use.queue_depth, spans.before), mean_over(use.queue_depth, spans.during))
    seen = min(known_share(use.queue_depth, spans.before), known_share(use.queue_depth, spans.during)) >= SEEN_SHARE
    return VolumeChange(
        volume=volume,
        use=use,
        prices=learn_prices(use.load, use.queue_depth, spans.before | spans.during, use.flushes),
        utilization=utilization,
        queue_depth=queue,
        read_latency=read_latency,
        write_latency=write_latency,
        got_worse=_got_worse(read_latency, queue, use, spans),
        seen=seen,
        errors=errors,
    )


def _got_worse(latency: Change, queue: Change, use: DeviceUse, spans: Spans) -> float:
    """By the reads' latency where it is seen: a deep queue of others' writes harms nobody whose reads pass it by."""
    told = min(known_share(use.read_latency, spans.before), known_share(use.read_latency, spans.during))
    by_latency = _latency_link(latency, use.read_latency, spans)
    return by_latency if told >= SEEN_SHARE else max(by_latency, _queue_link(queue, use, spans))


def _latency_link(latency: Change, by_step: Floats, spans: Spans) -> float:
    """Whether reads take longer than on a quiet day: by ratio, and in most steps."""
    before, during = latency.baseline, latency.observed
    if not before or during is None or during - before < LATENCY_FLOOR_SECONDS:
        return 0.0
    steady = ramp(superiority(by_step, spans.before, spans.during), (0.55, 0.1), (0.7, 0.7), (0.85, 0.97), (0.95, 1.0))
    higher = ramp(during / before, (1.15, 0.0), (1.4, 0.6), (1.8, 0.93), (3.0, 0.99))
    return higher * max(steady, _in_bursts(by_step, spans))


def _in_bursts(by_step: Floats, spans: Spans) -> float:
    """Whether a good part of the steps, though not most, lies above nearly all quiet ones: I/O that comes in bursts."""
    usual = by_step[spans.before & np.isfinite(by_step)]
    now = by_step[spans.during & np.isfinite(by_step)]
    if len(usual) < BURST_REFERENCE or not len(now):
        return 0.0
    beyond = int((now > np.quantile(usual, BURST_QUANTILE)).sum())
    return ramp((beyond - 1) / len(now), (0.08, 0.0), (0.2, 0.8), (0.35, 0.97))  # one step may be chance


def _queue_link(queue: Change, use: DeviceUse, spans: Spans) -> float:
    """Whether the volume is saturated as it was not before; what remains to be seen when no read completes."""
    if queue.baseline is None or queue.observed is None:
        return 0.0
    deeper = ramp(queue.observed / max(queue.baseline, 0.05), (1.3, 0.0), (2.0, 0.7), (4.0, 0.95))
    full = ramp(queue.observed, (0.7, 0.0), (1.5, 0.7), (3.0, 0.97))
    steady = ramp(superiority(use.queue_depth, spans.before, spans.during), (0.55, 0.1), (0.8, 0.9), (0.95, 1.0))
    return deeper * full * max(steady, _in_bursts(use.queue_depth, spans))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How the victim depends on a volume.

    `direct_seconds` is what slower reads cost one request: reads per request × rise of read latency, or the rise
    of its own I/O pressure per request, whichever is more. `probability` is None when neither could be seen.
    """

    reads_per_request: float | None
    pressure: Change
    direct_seconds: float
    probability: float | None


def exposure(
    victim: Victim, own: PodLoad | None, pressure: Floats, worse: VolumeChange, spans: Spans, excess: float
) -> Exposure:
    """Whether the victim feels the volume, given its own I/O there and its own pressure.

    `excess` is the rise of mean TTFT that load leaves unexplained; NaN for a stalled victim, of whom it is asked
    whether it was reading the volume while it still worked.
    """
    reads = _reads_per_request(victim, own, spans)
    felt = change(mean_over(pressure, spans.before), mean_over(pressure, spans.during))
    pressure_rise = _pressure_per_request(victim, felt, spans)
    if reads is None and pressure_rise is None:
        return Exposure(reads_per_request=None, pressure=felt, direct_seconds=0.0, probability=None)
    direct = max((reads or 0.0) * worse.latency_rise_seconds, pressure_rise or 0.0)
    elsewhere = reads is not None and reads < FEWEST_READS
    stalled = not np.isfinite(excess)
    if not stalled:
        part = direct / excess if excess > 0 else 0.0
        probability = max(
            ramp(part, (0.01, 0.0), (0.05, 0.2), (0.12, 0.7), (0.25, 0.95), (0.5, 0.99)),
            ramp(direct / Level.over(victim, spans.before).mean, *OVERWHELMING),
        )
    else:
        stuck = felt.observed is not None and felt.observed > max(0.1, felt.baseline or 0.0)
        probability = 0.97 if (reads or 0.0) >= 1.0 or stuck else 0.0
    if elsewhere and not stalled:
        probability = min(probability, EXPOSED_BY_WRITES)
    return Exposure(reads_per_request=reads, pressure=felt, direct_seconds=direct, probability=probability)


def _reads_per_request(victim: Victim, own: PodLoad | None, spans: Spans) -> float | None:
    """Read operations of the victim on the volume for each first token; the larger of before and during."""
    if own is None:
        return None
    reads = own.load[0] * victim.step
    seen = [ratio_over(reads, victim.first_tokens, side) for side in (spans.before, spans.during)]
    known = [value for value in seen if np.isfinite(value)]
    return max(known) if known else None


def _pressure_per_request(victim: Victim, felt: Change, spans: Spans) -> float | None:
    """Seconds of I/O wait that each request has more than before; None where pressure is not exported."""
    if felt.baseline is None or felt.observed is None:
        return None
    rate = mean_over(victim.first_tokens, spans.during) / victim.step
    return max(0.0, felt.observed - felt.baseline) / rate if rate > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessSplit:
    """Rise of mean TTFT in seconds, split between what load explains, what storage explains, and the rest."""

    total: float
    load: float
    storage: float
    unexplained: float


def split_excess(before: Level, during: Level, load: LoadView, felt: Exposure | None, got_worse: float) -> ExcessSplit:
    """Divide the rise; the parts sum to the total. Storage gets its direct cost, amplified by queueing at most."""
    total = max(0.0, during.mean - before.mean) if np.isfinite(during.mean) else float("nan")
    if not np.isfinite(total):
        return ExcessSplit(total=total, load=0.0, storage=0.0, unexplained=0.0)
    by_load = min(total, load.explained_seconds) if np.isfinite(load.explained_seconds) and load.is_up else 0.0
    direct = felt.direct_seconds if felt is not None and got_worse > 0 else 0.0
    amplified = AMPLIFICATION * direct if direct < before.mean else float("inf")  # see OVERWHELMING
    by_storage = min(total - by_load, amplified)
    rest = total - by_load - by_storage
    if load.is_up and by_storage < rest:
        by_load, rest = by_load + rest, 0.0  # a queue grows faster than the linear model of load
    return ExcessSplit(total=total, load=by_load, storage=by_storage, unexplained=rest)
