"""Why not the others: everybody on the volume who is not blamed, with the number that speaks for them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from correlator.analysis.case import Case, VolumeCase
from correlator.analysis.load import change
from correlator.analysis.rates import Bools
from correlator.analysis.rowwise import at_least
from correlator.analysis.suspects import LAG_STEPS, SHARE_OF_CULPRIT, Contribution, priced
from correlator.analysis.windows import block_means, mean_over
from correlator.analysis.wording import UNATTRIBUTED, began, from_to, operations, percent, rate, span
from correlator.model.finding import Change, Considered, Verdict
from correlator.model.frame import Floats
from correlator.model.topology import Pod, PodRef, Topology

SHOWN = 12
"""So many are told of, the largest by device time; of the others only how many they are."""

IDLE = 1e-3
"""Who takes less than this part of the volume's device time does next to nothing."""

NOTICED = 0.01
"""Who adds less than this part of the volume's device time added nothing that matters, however little others added."""

SAME = 0.05
"""A change of device time by less than this part of itself is none."""

EARLY_STEPS, LATE_STEPS = 6, 4
"""Beyond so many steps before or after the onset the order in time speaks against a suspect."""

USUAL = 0.05
"""From this p-value on a rise is nothing unusual for who made it."""

UNMOVED = frozenset({"not_seen", "idle", "fell", "constant"})
"""Reasons of those who have no rise that could be early or late."""


def considered(case: Case, topology: Topology, blamed: frozenset[PodRef | None]) -> tuple[tuple[Considered, ...], int]:
    """The largest of those on the volume who are not `blamed`, and how many more there are."""
    if case.volume is None or not case.volume.contributions.items:
        return (), 0
    sizes = _Sizes.of(case.volume)
    blamed = blamed | {case.victim.key.ref}
    others = [one for one in sizes.ranked() if one.item.ref not in blamed and (one.item.ref or one.item.share > 0)]
    shown = others[:SHOWN]
    return tuple(_considered(one, sizes.total, case, topology) for one in shown), len(others) - len(shown)


@dataclass(frozen=True, slots=True)
class _Sized:
    """One contribution with its device time; `matters` when it adds a part of the volume's that can be seen."""

    item: Contribution
    before: float
    during: float
    matters: bool

    @property
    def size(self) -> Change:
        """Its device time, unknown sides as None."""
        return change(self.before, self.during)


@dataclass(frozen=True, slots=True, eq=False)
class _Sizes:
    """Device time of every contribution before and during, shape (N,), and during of all together."""

    items: tuple[Contribution, ...]
    before: Floats
    during: Floats
    total: float

    @classmethod
    def of(cls, volume: VolumeCase) -> "_Sizes":
        """Those of everybody on a volume."""
        items, prices = volume.contributions.items, volume.worse.prices
        flushes = np.array([item.flush_seconds for item in items])
        before, during = (
            np.maximum(priced(np.stack(sides, axis=1), prices, flushes), 0.0)
            for sides in ([item.before for item in items], [item.during for item in items])
        )
        return cls(items, before, during, float(np.nansum(during)))

    def ranked(self) -> Iterator[_Sized]:
        """The largest first, by the larger of both sides, equals by name; who did no I/O at all is nobody."""
        largest = np.maximum(np.nan_to_num(self.before), np.nan_to_num(self.during)).tolist()
        sizes = zip(largest, self.items, self.before.tolist(), self.during.tolist(), strict=True)
        for _, item, before, during in sorted(sizes, key=lambda each: (-each[0], str(each[1].ref))):
            if not before == during == 0.0:
                yield _Sized(item, before, during, matters=item.rise > NOTICED * self.total)


def _considered(one: _Sized, total: float, case: Case, topology: Topology) -> Considered:
    item = one.item
    ref = item.ref or PodRef("", "")
    reason, sentence = _why_not(one, total, case)
    has_risen = item.lag_steps is not None and reason not in UNMOVED
    return Considered(
        namespace=ref.namespace,
        pod=ref.pod,
        workload=topology.pods.get(ref, Pod(ref=ref)).workload,
        share_ratio=round(float(item.share), 4),
        device_time_ratio=one.size,
        bytes_per_second=_bytes(item),
        lag_seconds=float((item.lag_steps or 0) * case.victim.step) if has_risen else None,
        reason=reason,
        sentence=sentence,
    )


def _bytes(item: Contribution) -> Change:
    return change(*(float(np.maximum(side[2:], 0.0).sum()) for side in (item.before, item.during)))


def _why_not(one: _Sized, total: float, case: Case) -> tuple[str, str]:
    """The first reason that holds, from what was not seen over size and kind of the change to its time and habit."""
    item, before, during = one.item, one.size.baseline, one.size.observed
    if before is None or during is None:
        return "not_seen", f"its I/O is not known {'before' if before is None else 'during'}"
    if item.share < SHARE_OF_CULPRIT or not one.matters:
        return _too_little(item, before, during, total)
    if case.verdict is not Verdict.CONTENTION:
        return "no_contention", f"rose {_moved(item)}, but {_no_contention(case)}"
    return _untimely(item, case) or _usual(item, case) or _not_sure(item, case)


def _too_little(item: Contribution, before: float, during: float, total: float) -> tuple[str, str]:
    if max(before, during) <= IDLE * total:
        return "idle", f"next to no I/O: {rate(_bytes(item).observed)}"
    if during < (1.0 - SAME) * before:
        return "fell", f"fell {_moved(item)}"
    if during <= (1.0 + SAME) * before:
        return "constant", _constant(item)
    return "small", f"added {percent(item.share)} of the device time"


def _rates(item: Contribution) -> tuple[Change, Callable[[float | None], str]]:
    """What its change is told in: bytes, or operations where those moved more."""
    size = _bytes(item)
    number = change(*(float(np.maximum(side[:2], 0.0).sum()) for side in (item.before, item.during)))
    return (size, rate) if _distance(size) >= _distance(number) else (number, operations)


def _distance(moved: Change) -> float:
    low, high = sorted(((moved.baseline or 0.0), (moved.observed or 0.0)))
    return high / low if low > 0 else float("inf") if high > 0 else 0.0


def _moved(item: Contribution) -> str:
    return from_to(*_rates(item))


def _constant(item: Contribution) -> str:
    size = _bytes(item)
    if rate(size.baseline) == rate(size.observed):
        return f"constant: {rate(size.baseline)} before and after"
    return f"constant: {rate(size.baseline)} before, {rate(size.observed)} after"


def _no_contention(case: Case) -> str:
    for reason, words in (
        ("volume_quiet", "the volume is no worse than before"),
        ("victim_not_exposed", "the victim does not feel the volume"),
        ("nobody_added_load", "what was added is too little for this device to get slow by it"),
        ("evidence_still_gathering", "too little was seen yet to name anybody"),
        ("load_explains_more_than_storage", "load explains more than storage does"),
    ):
        if reason in case.reasons:
            return words
    if case.verdict is Verdict.UNDETERMINED:
        return "that is no proof"
    return f"this is not what made {case.symptom.things} slow"


def _untimely(item: Contribution, case: Case) -> tuple[str, str] | None:
    lag, step = item.lag_steps, case.victim.step
    if lag is None:
        return "no_rise_near", "has no rise of its own near the onset"
    if lag <= -EARLY_STEPS:
        more = "more than " if lag <= -LAG_STEPS else ""  # nobody looked further back
        return "early", f"rose {more}{began(float(lag * step), case.symptom.things)}"
    return ("late", f"rose {began(float(lag * step), case.symptom.things)}") if lag >= LATE_STEPS else None


def _usual(item: Contribution, case: Case) -> tuple[str, str] | None:
    if item.p_value is None or item.p_value < USUAL:
        return None
    before, during = case.spans.before, case.spans.during
    number = earlier_rises(item.device_time, before, int(during.sum()), mean_over(item.device_time, during))
    if not number:
        return None
    quiet = span(float(before.sum()) * case.victim.step)
    often = "once" if number == 1 else f"{number} times"
    return "usual", f"did as much {often} in the {quiet} before, and {case.symptom.things} stayed fast"


def earlier_rises(device_time: Floats, before: Bools, length: int, level: float) -> int:
    """How many separate times quiet steps held at least `level` on average over a stretch of `length` steps.

    A stretch is no longer than a quarter of what is known, as for the p-value.
    """
    blocks = block_means(device_time, before, max(1, min(length, int(before.sum()) // 4)))
    up = np.concatenate([[False], at_least(blocks, level)])
    return int((up[1:] & ~up[:-1]).sum())


def _not_sure(item: Contribution, case: Case) -> tuple[str, str]:
    confidence = next((s.confidence for s in case.suspicions if s.ref == item.ref), 0.0)
    return "not_sure", f"added {percent(item.share)} of the device time, but with confidence {confidence:.2f} only"


def title_of(one: Considered) -> str:
    """What one of those considered is called."""
    return str(PodRef(one.namespace, one.pod)) if one.pod else UNATTRIBUTED
