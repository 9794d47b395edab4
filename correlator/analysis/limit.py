"""Which limit a volume ran into: the rate that stands still while operations queue.

Below its limit a device gives what it is asked for, so its rates follow the demand. At its limit a rate stands still,
however many operations wait. A rate that the volume exceeded before is not its limit, unless the limit changed.
"""

from dataclasses import dataclass

import numpy as np

from correlator.analysis.case import VolumeCase
from correlator.analysis.links import WORSE
from correlator.analysis.load import change
from correlator.analysis.rates import Bools
from correlator.analysis.windows import Spans, mean_over
from correlator.analysis.wording import operations, percent, rate, times
from correlator.model.finding import Change, Limit, Verdict
from correlator.model.frame import Floats

QUEUED = 1.5
"""Mean operations inside the device from which on some of them wait."""

DEEPER = 2.0
"""How much longer than before a queue must be to speak of it."""

FEWEST_STEPS = 4
"""Fewer steps with a queue tell no level from chance."""

STEADY = 0.15
"""A rate whose middle two thirds lie within this part of its median stands still."""

AS_STEADY = 0.25
"""Operations of one size make both rates move alike: where one stands still, one that varies so little does too."""

STEADIER = 3.0
"""A rate that varies so many times less than the other is the limit; less than that, others' steady I/O may do."""

MEASURED = 0.01
"""No rate is known more exactly than this."""

FLAT = 0.05
"""How still both rates stand under a cap that took hold: steadier than what a device does by itself."""

EXCEEDED = 0.1
"""Beyond its provisioned limit for this share of the time, and twice as long as before: that is what holds it."""

GAVE_MORE = 1.15
"""A rate that was exceeded so far before is not what the volume runs out of now."""


@dataclass(frozen=True, slots=True)
class _Ceiling:
    """One rate while operations queue: its median and spread (part of the median), and the most it was before."""

    level: float
    spread: float
    highest: float

    @property
    def was_exceeded(self) -> bool:
        """Whether the volume gave clearly more before."""
        return self.highest > GAVE_MORE * self.level

    @property
    def change(self) -> Change:
        """The most before, and the level now."""
        return change(self.highest, self.level)


def limit_of(volume: VolumeCase, spans: Spans, verdict: Verdict) -> Limit | None:
    """What the volume ran out of; None where it did not get worse, does not queue, or too little was seen."""
    worse = volume.worse
    if worse.got_worse < WORSE:
        return None
    use = worse.use
    quiet = mean_over(use.queue_depth, spans.before)
    with np.errstate(invalid="ignore"):
        queued = spans.during & (use.queue_depth >= max(QUEUED, DEEPER * np.nan_to_num(quiet)))
    is_broken = verdict is Verdict.DEGRADED_DEVICE
    if is_broken and worse.errors:
        return _limit("errors", volume, queued, spans, f"it reports an error ({', '.join(worse.errors)})")
    known = int((spans.during & np.isfinite(use.queue_depth)).sum())
    if exceeded := _exceeded(volume, spans):
        return _limit("provisioned", volume, queued, spans, exceeded)
    if queued.sum() < max(FEWEST_STEPS, known / 2):
        return None
    return _stated(volume, queued, spans, is_broken=is_broken)


def _exceeded(volume: VolumeCase, spans: Spans) -> str:
    """What a cloud says of its volume's limits, the one that was exceeded longest; empty where none was."""
    told = {name: mean_over(values, spans.during) for name, values in volume.worse.use.exceeded.items()}
    before = {name: mean_over(values, spans.before) for name, values in volume.worse.use.exceeded.items()}
    beyond = {n: share for n, share in told.items() if share >= EXCEEDED and not share < DEEPER * before[n]}
    if not beyond:
        return ""
    name = max(sorted(beyond), key=lambda each: beyond[each])
    return f"for {percent(min(beyond[name], 1.0))} of the time it was asked for more {name} than it is provisioned for"


def _stated(volume: VolumeCase, queued: Bools, spans: Spans, *, is_broken: bool) -> Limit:
    """The limit of a volume whose operations queue."""
    ceilings = _ceilings(volume, queued, spans)
    bound = _bound(ceilings, volume, queued, is_broken=is_broken)
    queue = volume.worse.use.queue_depth
    deeper = times(mean_over(queue, queued), mean_over(queue, spans.before))
    operation, size = ceilings
    if bound == "provisioned":
        words = (
            f"it gives a steady {operations(operation.level)} and {rate(size.level)} with its queue {deeper} as deep, "
            f"after up to {operations(operation.highest)} and {rate(size.highest)} before: "
            "a burst or provisioned limit holds it"
        )
    elif bound == "queue":
        why = "for no more load" if is_broken else "and neither operations nor throughput stand at a ceiling"
        words = f"its queue is {deeper} as deep {why}"
    else:
        ceiling, unit = (operation, operations) if bound == "operations" else (size, rate)
        words = (
            f"it ran out of {bound}: {unit(ceiling.level)}, steady within {percent(max(ceiling.spread, 0.01))} "
            f"while its queue is {deeper} as deep, and at most {unit(_known(ceiling.highest))} before"
        )
    return _limit(bound, volume, queued, spans, words)


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _bound(ceilings: tuple[_Ceiling, _Ceiling], volume: VolumeCase, queued: Bools, *, is_broken: bool) -> str:
    """A device that broke ran out of no rate that it gave before; a cap may have come down on it all the same."""
    capped = all(one.spread <= FLAT and one.was_exceeded for one in ceilings)
    if capped:
        return "provisioned"
    steadier = min(one.spread for one in ceilings)
    at_limit = [
        name
        for name, one in zip(("operations", "throughput"), ceilings, strict=True)
        if one.spread <= AS_STEADY and not one.was_exceeded
    ]
    if is_broken or steadier > STEADY or not at_limit:
        return "queue"
    if len(at_limit) == 1:
        return at_limit[0]
    operation, size = (one.spread for one in ceilings)
    if max(operation, size) >= STEADIER * max(steadier, MEASURED):
        return "operations" if operation < size else "throughput"
    return _costlier(volume, queued)


def _costlier(volume: VolumeCase, queued: Bools) -> str:
    """Where operations of one size make both rates stand still: what takes more of the device's time, as learnt."""
    load = np.array([mean_over(one, queued) for one in volume.worse.use.load])
    spent = volume.worse.prices.seconds * load
    return "operations" if spent[:2].sum() >= spent[2:].sum() else "throughput"


def _ceilings(volume: VolumeCase, queued: Bools, spans: Spans) -> tuple[_Ceiling, _Ceiling]:
    reads, writes, read_bytes, written_bytes = volume.worse.use.load
    return _ceiling(reads + writes, queued, spans), _ceiling(read_bytes + written_bytes, queued, spans)


def _ceiling(values: Floats, queued: Bools, spans: Spans) -> _Ceiling:
    now = values[queued & np.isfinite(values)]
    before = values[spans.before & np.isfinite(values)]
    low, level, high = np.quantile(now, (0.16, 0.5, 0.84)).tolist() if len(now) else (float("nan"),) * 3
    highest = float(np.quantile(before, 0.98)) if len(before) else float("nan")
    return _Ceiling(level, (high - low) / (2.0 * level) if level > 0 else float("inf"), highest)


def _limit(bound: str, volume: VolumeCase, queued: Bools, spans: Spans, sentence: str) -> Limit:
    operation, size = _ceilings(volume, queued, spans)
    chosen = {"operations": [operation], "throughput": [size], "provisioned": [operation, size]}.get(bound, [])
    queue = volume.worse.use.queue_depth
    return Limit(
        bound=bound,
        operations_per_second=operation.change,
        bytes_per_second=size.change,
        queue_depth=change(mean_over(queue, spans.before), mean_over(queue, queued)),
        steady_ratio=max((one.spread for one in chosen), default=None),
        sentence=sentence,
    )
