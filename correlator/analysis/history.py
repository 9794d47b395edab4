"""Days before the window: what is asked of them once storage is suspected, and what they tell of a suspect's workload.

Nothing here fetches: requests go out with the evaluation, and whoever holds the source evaluates again with answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.case import Case, Scene
from correlator.analysis.habit import with_habits
from correlator.analysis.level import Level
from correlator.analysis.links import VolumeChange
from correlator.analysis.rates import Bools, gains_of
from correlator.analysis.recurrence import Days, Now, Recurred, recurred
from correlator.analysis.rows import by_node, by_pod, by_target
from correlator.analysis.suspects import Contribution, Contributions
from correlator.analysis.volumes import POD_SIGNALS, pods_on_volume
from correlator.analysis.windows import mean_over
from correlator.analysis.workloads import pods_match, template_of, victim_match
from correlator.model.finding import Verdict
from correlator.model.frame import Floats, Frames
from correlator.model.history import HistoryRequest
from correlator.model.topology import PodRef, Topology, Volume

LEAST_SECONDS = 6 * 3600
"""Less than this says no more than the window does."""

WORKLOADS = 4
SMALLEST_SHARE = 0.03
"""So many of those who added most are looked up, each with at least this share of what was added."""

STALLED_RATIO = 1.5
"""Where there were no first tokens during, so many times their mean before is slow."""

BEAT = "pod_io_heartbeat"
FIRST_TOKENS = ("ttft_count", "ttft_sum")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Whose history is looked up: the regression as it is seen now, on one volume."""

    scene: Scene
    worse: VolumeChange

    @property
    def volume(self) -> Volume:
        """The volume."""
        return self.worse.volume

    def workload(self, ref: PodRef | None) -> tuple[str, str]:
        """(namespace, workload) of a pod; the workload is empty for a pod that is looked up alone."""
        pod = self.scene.topology.pods.get(ref) if ref else None
        return (ref.namespace if ref else "", template_of(pod.workload) if pod else "")


def wanted(case: Case, scene: Scene) -> tuple[HistoryRequest, ...]:
    """What is not known yet of the days before, where storage is suspected; nothing else is worth the asking."""
    if case.volume is None or not {"volume_got_worse", "victim_exposed"} <= set(case.reasons):
        return ()
    if case.verdict not in (Verdict.CONTENTION, Verdict.UNDETERMINED):
        return ()
    place = Place(scene, case.volume.worse)
    asked = requests_for(case.volume.contributions, place)
    every = (victim_request(place), *dict.fromkeys(asked.values())) if asked else ()
    return tuple(request for request in every if request not in scene.archive.answers)


def requests_for(found: Contributions, place: Place) -> Mapping[PodRef, HistoryRequest]:
    """What to ask of each pod among those who added most, by workload; empty where there is nothing to ask."""
    grid = place.scene.archive.grid(place.scene.frames.grid.step)
    kubelets = _kubelets(place) if place.volume.kind == "disk" else ""  # of a back end's clients only the window tells
    if not grid.count or not kubelets:
        return {}
    asked: dict[PodRef, HistoryRequest] = {}
    for item in found.items:
        if item.ref is None or item.ref == place.scene.victim.key.ref or item.share < SMALLEST_SHARE:
            continue
        match = {"instance": kubelets, **pods_match(item.ref, place.scene.topology)}
        request = HistoryRequest(signals=(*POD_SIGNALS, BEAT), match=tuple(sorted(match.items())), grid=grid)
        if len(set(asked.values()) | {request}) <= WORKLOADS:
            asked[item.ref] = request
    return asked


def victim_request(place: Place) -> HistoryRequest:
    """What to ask of the victim: mean first tokens, of the pods that its workload has had."""
    match = victim_match(place.scene.victim.key, place.scene.topology)
    grid = place.scene.archive.grid(place.scene.frames.grid.step)
    return HistoryRequest(signals=FIRST_TOKENS, match=tuple(sorted(match.items())), grid=grid)


def recalled(found: Contributions, place: Place) -> Contributions:
    """Contributions with the p-values of days, where the archive has them; the others stay as they are.

    Of the clients of a shared back end the window tells what is usual.
    """
    if place.volume.kind != "disk":
        return with_habits(found, place.scene.spans, place.scene.frames.grid.step)
    if not place.scene.archive.answers:
        return found
    asked = requests_for(found, place)
    told = place.scene.archive.answers.get(victim_request(place)) if asked else None
    if told is None:
        return found
    items = tuple(_recalled(item, found, place, (_answer(item, asked, place), told)) for item in found.items)
    return replace(found, items=items)


def _answer(item: Contribution, asked: Mapping[PodRef, HistoryRequest], place: Place) -> Frames | None:
    request = None if item.ref is None else asked.get(item.ref)
    return None if request is None else place.scene.archive.answers.get(request)


def _recalled(
    item: Contribution, found: Contributions, place: Place, answers: tuple[Frames | None, Frames]
) -> Contribution:
    """The item in the light of what is known of its workload and of the victim."""
    own, victim = answers
    if own is None:
        return item
    days = _days(item, place, own, victim)
    if np.isfinite(days.device_time).sum() * days.step < LEAST_SECONDS:
        return item
    during = place.scene.spans.during
    now = Now(
        device_time=mean_over(_together(item, found, place), during),
        seconds=float(during.sum() * place.scene.frames.grid.step),
        slow_seconds=_slow_seconds(place),
    )
    past = recurred(days, now) if np.isfinite([now.device_time, now.slow_seconds]).all() else None
    return item if past is None or not past.blocks else _with(item, past)


def _with(item: Contribution, past: Recurred) -> Contribution:
    return replace(item, p_value=past.p_value, recurrence=past.seen)


def _together(item: Contribution, found: Contributions, place: Place) -> Floats:
    """Device time of all pods of the item's workload on the volume, shape (T,)."""
    whose = place.workload(item.ref)
    if not whose[1]:
        return item.device_time
    same = [other.device_time for other in found.items if other.ref and place.workload(other.ref) == whose]
    total: Floats = np.sum([np.nan_to_num(one) for one in same], axis=0)
    return np.where(np.isnan(item.device_time), np.nan, total)


def _slow_seconds(place: Place) -> float:
    """Mean TTFT half way between before and during; where there were no first tokens during, what would open."""
    before = place.scene.before.mean
    during = Level.over(place.scene.victim, place.scene.spans.during).mean
    return before + 0.5 * (during - before) if during > before else before * STALLED_RATIO


def _days(item: Contribution, place: Place, own: Frames, victim: Frames) -> Days:
    """The answers for an item's workload as series on their grid, up to shortly before the onset."""
    grid = own.grid
    first = (
        int(np.argmax(place.scene.spans.during)) if place.scene.spans.during.any() else place.scene.frames.grid.count
    )
    onset_at = place.scene.frames.grid.start + first * place.scene.frames.grid.step
    told = _told(own) & (grid.times() < onset_at - grid.step)
    pods = pods_on_volume(own, _with_nameless(own, place), place.volume.id)
    load = sum((np.nan_to_num(pod.load) for pod in pods.loads.values()), np.zeros((4, grid.count)))
    first_tokens, ttft_sum = _tokens(victim, place.scene.victim.key.ref)
    return Days(grid.step, np.where(told, item.cost(place.worse.prices, load), np.nan), first_tokens, ttft_sum)


def _told(frames: Frames) -> Bools:
    """Steps at which a kubelet was up, so that who has no series did nothing."""
    grid = frames.grid
    limit = 2.5 * max(grid.step, frames.intervals.get(BEAT, grid.step))
    with np.errstate(invalid="ignore"):
        fresh = (grid.times() - frames.get(BEAT).values <= limit).any(axis=0)
    return np.asarray(fresh & np.roll(fresh, 1) & (np.arange(grid.count) > 0))


def _with_nameless(frames: Frames, place: Place) -> Topology:
    """The topology, in which I/O under no device name is on the volume for pods of old as for those of now."""
    if place.volume.id not in place.scene.topology.volume_of_nameless.values():
        return place.scene.topology
    refs = {ref for signal in POD_SIGNALS for ref in by_pod(frames.get(signal).labels).code}
    nameless = {**dict.fromkeys(refs, place.volume.id), **place.scene.topology.volume_of_nameless}
    return replace(place.scene.topology, volume_of_nameless=nameless)


def _tokens(frames: Frames, ref: PodRef) -> tuple[Floats, Floats]:
    """First tokens and their summed TTFT by step: the victim's own, those of its siblings where it had none."""
    count, total = (_gains(frames, signal, None) for signal in FIRST_TOKENS)
    own_count, own_total = (_gains(frames, signal, ref) for signal in FIRST_TOKENS)
    own = own_count > 0
    return np.where(own, own_count, count), np.where(own, own_total, total)


def _gains(frames: Frames, signal: str, ref: PodRef | None) -> Floats:
    gained = gains_of(frames, signal, "ttft_heartbeat")
    rows = slice(None) if ref is None else by_pod(frames.get(signal).labels).rows(ref)
    return np.asarray(np.nansum(gained[rows], axis=0))


def _kubelets(place: Place) -> str:
    """The targets that tell of pods on the volume's node, as one expression; empty where none is named."""
    found = set()
    for signal in POD_SIGNALS:
        labels = place.scene.frames.get(signal).labels
        rows = by_node(labels, place.scene.topology).rows(place.volume.node)
        targets = by_target(labels)
        names = list(targets.code)
        found |= {names[code] for code in np.unique(targets.codes[rows]).tolist()}
    return "|".join(re.escape(name) for name in sorted(found - {""}))
