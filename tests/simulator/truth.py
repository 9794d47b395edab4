"""What really happened, from the requests' own times and the devices' own work."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.simulator.case import CULPRIT_SHARE, Floats, Verdict, VictimTruth
from tests.simulator.running import Answered, Outcome
from tests.simulator.scene import UNSEEN, Scene

UNATTRIBUTED = "unattributed"
MOVED_RATIO, MOVED_SECONDS = 1.3, 0.010
KEPT_RATIO, KEPT_SECONDS = 1.2, 0.010
KEPT_READ_RATIO = 1.25
LATE_SECONDS = 5.0
FEW_REQUESTS = 12
UNUSUAL, RARE = 0.95, 0.99
TWENTIETH = 19


@dataclass(frozen=True, slots=True)
class Impact:
    """Requests before and within the event: numbers, p95 and mean of TTFT, mean seconds in reads and in one of them."""

    before: int
    during: int
    p95_ratio: float
    mean_ratio: float
    mean_rise: float
    read_rise: float
    read_ratio: float

    @property
    def moved(self) -> bool:
        """First tokens got slower beyond doubt."""
        return self._enough and self.p95_ratio >= MOVED_RATIO and self.mean_rise >= MOVED_SECONDS

    @property
    def kept(self) -> bool:
        """First tokens stayed as they were."""
        return self._enough and (self.p95_ratio <= KEPT_RATIO or self.mean_rise <= KEPT_SECONDS)

    @property
    def by_storage(self) -> bool:
        """Reads carry a good part of the rise, or cost a request what all of it took before.

        Where they exceed what the server bears, requests queue for slots, and their own part of the wait gets small.
        """
        usual = self.mean_rise / (self.mean_ratio - 1.0) if self.mean_ratio > 1.0 else np.inf
        return self.read_rise >= 0.25 * self.mean_rise > 0 or self.read_rise >= usual

    @property
    def not_by_storage(self) -> bool:
        """Reads carry next to nothing of the rise, or are only more: each takes as long as before."""
        return self.read_rise <= 0.1 * max(self.mean_rise, 0.0) + 1e-3 or self.read_ratio <= KEPT_READ_RATIO

    @property
    def _enough(self) -> bool:
        return min(self.before, self.during) >= FEW_REQUESTS


def impact_of(scene: Scene, answered: Answered) -> Impact:
    """What the event did to the requests that arrived in it."""
    before, during = _phases(scene, answered)
    ttft, reads = answered.ttft, answered.read_seconds
    if min(before.sum(), during.sum()) < 1:
        return Impact(int(before.sum()), int(during.sum()), *[float("nan")] * 5)
    usual, slow = float(ttft[before].mean()), float(ttft[during].mean())
    return Impact(
        before=int(before.sum()),
        during=int(during.sum()),
        p95_ratio=float(np.quantile(ttft[during], 0.95) / np.quantile(ttft[before], 0.95)),
        mean_ratio=slow / usual,
        mean_rise=slow - usual,
        read_rise=float(reads[during].mean() - reads[before].mean()),
        read_ratio=_seconds_of_a_read(answered, during) / _seconds_of_a_read(answered, before),
    )


def _seconds_of_a_read(answered: Answered, chosen: NDArray[np.bool_]) -> float:
    return float(answered.read_seconds[chosen].sum() / max(answered.reads[chosen].sum(), 1.0))


def _phases(scene: Scene, answered: Answered) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    at, clock = answered.arrivals.at, scene.clock
    return (
        (at >= clock.start) & (at < clock.event_start),
        (at >= clock.event_start) & (at < clock.event_end),
    )


def shares_of(scene: Scene, outcome: Outcome, device: int) -> dict[str, float]:
    """Each pod's part of the device time that was added to a device in the event; empty where none was."""
    clock = scene.clock
    at = np.array([clock.start, clock.event_start, clock.event_end], dtype=np.float64)
    rises: dict[str, float] = {}
    for stream, counted in zip(outcome.streams, outcome.counted, strict=True):
        if stream.device == device:
            key = UNATTRIBUTED if stream.pod == UNSEEN else scene.pods[stream.pod].key
            start, began, ended = np.interp(at, clock.edges, counted.device_time)
            rise = (ended - began) / (at[2] - at[1]) - (began - start) / (at[1] - at[0])
            rises[key] = rises.get(key, 0.0) + float(rise)
    total = sum(max(rise, 0.0) for rise in rises.values())
    return {key: max(rise, 0.0) / total for key, rise in rises.items()} if total > 0 else {}


def culprits_of(scene: Scene, victim: int, shares: dict[str, float]) -> tuple[str, ...]:
    """Other pods with a culprit's share, largest first. Natural variation of what ran before is nobody's guilt."""
    own = scene.pods[scene.victims[victim].pod].key
    found = [(share, key) for key, share in shares.items() if share >= CULPRIT_SHARE and key not in {own, UNATTRIBUTED}]
    return tuple(key for _, key in sorted(found, reverse=True))


def affected(scene: Scene, answered: Answered) -> Floats:
    """When each late first token of the event was given, or became late, in order; empty where none was.

    Late is what took longer than 99 % of the quiet requests, once the prompt's length is accounted for or in the
    seconds of one read. The first one is not alone: of it and the nine after it half took longer than 95 %.
    """
    before, during = _phases(scene, answered)
    if before.sum() < FEW_REQUESTS or not during.any():
        return np.empty(0)
    excess = answered.ttft - _by_length(answered, before)
    given = answered.served.first_token_at
    due = answered.arrivals.at + answered.ttft - excess + np.quantile(excess[before], RARE)
    became = np.where(answered.ttft < LATE_SECONDS, given, np.minimum(due, given))
    order = np.flatnonzero(during)[np.argsort(became[during], kind="stable")]
    late = np.zeros(len(order), dtype=np.bool_)
    for lateness in (excess, answered.read_seconds / np.maximum(answered.reads, 1.0)):
        late |= _late(lateness[order], lateness[before])
    return np.asarray(became[order[late]])


def _late(lateness: Floats, usual: Floats) -> NDArray[np.bool_]:
    """Which are beyond 99 % of the usual, from the first one on that goes on."""
    beyond = np.concatenate([[0], np.cumsum(lateness > np.quantile(usual, UNUSUAL))])
    index = np.arange(len(lateness))
    end = np.minimum(index + 10, len(lateness))
    rare: NDArray[np.bool_] = lateness > np.quantile(usual, RARE)
    begun = np.maximum.accumulate(rare & (2 * (beyond[end] - beyond[index]) >= end - index))
    return rare & begun


def _by_length(answered: Answered, before: NDArray[np.bool_]) -> Floats:
    """What a prompt of this length took on the quiet part, by a straight line through the medians."""
    tokens = answered.arrivals.prompt_tokens
    slope, base = np.polyfit(tokens[before], answered.ttft[before], 1)
    return np.asarray(base + max(slope, 0.0) * tokens)


def truth_of(scene: Scene, outcome: Outcome, which: int, verdict: Verdict | None, impact: Impact) -> VictimTruth:
    """The whole truth about one victim."""
    victim, answered = scene.victims[which], outcome.answered[which]
    pod, clock = scene.pods[victim.pod], scene.clock
    shares = shares_of(scene, outcome, victim.device)
    culprits = culprits_of(scene, which, shares) if verdict == "contention" else ()
    is_event = verdict is not None
    late = affected(scene, answered) if is_event else np.empty(0)
    return VictimTruth(
        namespace=pod.namespace,
        pod=pod.pod,
        model_name=victim.model_name,
        node=scene.nodes[pod.node].name,
        device=scene.devices[victim.device].name,
        verdict=verdict,
        culprits=culprits,
        shares=shares,
        event_start_at=clock.event_start if is_event else None,
        event_end_at=clock.event_end if is_event else None,
        first_affected_at=float(late[0]) if len(late) else None,
        twentieth_affected_at=float(late[TWENTIETH]) if len(late) > TWENTIETH else None,
        p95_ratio=impact.p95_ratio,
        mean_ratio=impact.mean_ratio,
    )
