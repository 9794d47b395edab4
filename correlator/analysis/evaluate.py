"""One step of judgement: frames and topology in, findings, a snapshot and the next memory out."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from correlator.analysis.absence import with_absences
from correlator.analysis.course import Course, stand_in_of
from correlator.analysis.ending import past_of
from correlator.analysis.evidence import instant
from correlator.analysis.following import follow
from correlator.analysis.look import Look, Window, look
from correlator.analysis.looked import looked_at
from correlator.analysis.memory import Memory
from correlator.analysis.onset import onset_of
from correlator.analysis.opening import open_new
from correlator.analysis.parameters import Parameters
from correlator.analysis.present import present
from correlator.analysis.present_symptoms import symptoms_now
from correlator.analysis.quiet import key_of, quiet_steps
from correlator.analysis.statement import Life, refreshed
from correlator.analysis.symptoms import own_memory, own_parameters, seen_as_ttft, totals_told, victims_with
from correlator.analysis.victims import Victims
from correlator.model.finding import EndReason, Finding
from correlator.model.frame import BlindSpot, Frames
from correlator.model.history import NO_HISTORY, History, HistoryRequest
from correlator.model.snapshot import Snapshot
from correlator.model.symptom import TTFT, Symptom
from correlator.model.topology import PodRef, Topology

FIRST_TOKENS_TOO = "first_tokens_too"
"""The named reason of another symptom's incident while one of the same pod's first tokens is open."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one step yields. `memory` belongs to step `at` and is the input of the next.

    `wanted` is what would make it surer: whoever can answers it and evaluates the same step again with the history.
    `looked` are the victims of whose nodes everything was read: of the others, only their own series count.
    """

    at: int
    findings: tuple[Finding, ...]
    snapshot: Snapshot
    memory: Memory
    wanted: tuple[HistoryRequest, ...] = ()
    looked: tuple[PodRef, ...] = ()


def evaluate(
    frames: Frames,
    topology: Topology,
    memory: Memory,
    at: int,
    parameters: Parameters,
    history: History = NO_HISTORY,
) -> Evaluation:
    """Judge step `at`, the last step of `frames.grid`, in the light of the whole window and of the days in `history`.

    Depends on its arguments alone. Raises ValueError when `at` is not the window's last step.
    """
    evaluation, (first_tokens, *others) = _judged(frames, topology, memory, at, parameters, history)
    symptoms = symptoms_now(others, evaluation.memory)
    victims, memory = first_tokens.seen, own_memory(evaluation.memory, TTFT)
    snapshot = present(frames, topology, victims, memory, symptoms, _blind(frames, victims))
    return replace(evaluation, snapshot=snapshot)


def evaluate_unwatched(
    frames: Frames,
    topology: Topology,
    memory: Memory,
    at: int,
    parameters: Parameters,
    history: History = NO_HISTORY,
) -> Evaluation:
    """As `evaluate`, with a snapshot that holds its instant and no more: for walks over a past that nobody watches."""
    return _judged(frames, topology, memory, at, parameters, history)[0]


def _judged(
    frames: Frames, topology: Topology, memory: Memory, at: int, parameters: Parameters, history: History
) -> tuple[Evaluation, list[Window]]:
    if at != frames.grid.last:
        raise ValueError(f"step {at} is not the last of its window, {frames.grid.last}")
    others = (one for one in parameters.symptoms if frames.get(one.count).labels or own_memory(memory, one).open)
    parts = [_evaluated(_window(symptom, frames, topology, memory, parameters, history)) for symptom in (TTFT, *others)]
    after = Memory(
        open=tuple(one for part in parts for one in part.after.open),
        past=tuple(one for part in parts for one in part.after.past),
    )
    slow = {key_of(c.now).ref for c in parts[0].courses if c.now is not None}
    findings = tuple(_beside(c.finding, slow) for part in parts for c in part.courses if c.finding is not None)
    findings += _forgotten(memory, at, {TTFT.name, *(symptom.name for symptom in parameters.symptoms)})
    more = tuple(dict.fromkeys(request for part in parts for c in part.courses for request in c.wanted))
    looked = tuple(sorted(set().union(*(looked_at(part.window, part.courses) for part in parts))))
    return Evaluation(at, findings, Snapshot(at=instant(at)), after, more, looked), [part.window for part in parts]


def _beside(finding: Finding, slow: Collection[PodRef]) -> Finding:
    """A finding of another symptom says so where the first tokens of its pod are slow too: one harm, seen twice."""
    victim = finding.victim
    if victim.symptom == TTFT.name or PodRef(victim.namespace, victim.pod) not in slow:
        return finding
    words = "Its first tokens have an open incident of their own: this is the same pod, seen in another symptom."
    return replace(finding, reasons=(*finding.reasons, FIRST_TOKENS_TOO), explanation=f"{finding.explanation} {words}")


def _forgotten(memory: Memory, at: int, watched: Collection[str]) -> tuple[Finding, ...]:
    """The last word on regressions of symptoms that nobody watches any more."""
    now = instant(at)
    return tuple(refreshed(one.last, now, now, EndReason.GONE) for one in memory.open if one.symptom not in watched)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What one symptom yields."""

    window: Window
    courses: list[Course]
    after: Memory


def _evaluated(window: Window) -> _Part:
    followed = [follow(window, regression) for regression in window.memory.open]
    courses = followed + open_new(window, followed)
    after = Memory(open=tuple(c.now for c in courses if c.now is not None), past=past_of(window, followed))
    return _Part(window, courses, after)


def _window(
    symptom: Symptom, frames: Frames, topology: Topology, memory: Memory, parameters: Parameters, history: History
) -> Window:
    """A window as one symptom sees it."""
    frames, memory = seen_as_ttft(frames, symptom), own_memory(memory, symptom)
    parameters = own_parameters(parameters, symptom)
    totals = totals_told(symptom, frames)
    found = victims_with(frames, totals, {key_of(one) for one in memory.open}, parameters)
    victims = with_absences(frames, found, memory.open)
    quiet = quiet_steps(victims, memory)
    return Window(frames, topology, victims, memory, quiet, parameters, history, symptom, found, totals)


def explain_victim(
    frames: Frames, topology: Topology, ref: PodRef, memory: Memory, parameters: Parameters
) -> Finding | None:
    """The finding of `look_at_victim`, from the window alone."""
    seen = look_at_victim(frames, topology, ref, memory, parameters)
    return None if seen is None else seen.finding


def look_at_victim(
    frames: Frames,
    topology: Topology,
    ref: PodRef,
    memory: Memory,
    parameters: Parameters,
    history: History = NO_HISTORY,
) -> Look | None:
    """What is to be said of a victim at the window's last step, regressed or not; None where it is not known.

    Of its first tokens, or of the first other symptom that it has.
    An open regression is judged from its onset; otherwise the newest change, significant or not.
    """
    windows = (
        _window(symptom, frames, topology, memory, parameters, history) for symptom in (TTFT, *parameters.symptoms)
    )
    window = next((one for one in windows if any(key.ref == ref for key in one.victims.keys)), None)
    return None if window is None else _look_at(window, ref)


def _look_at(window: Window, ref: PodRef) -> Look:
    frames, victims, memory = window.frames, window.victims, window.memory
    rows = [row for row, key in enumerate(victims.keys) if key.ref == ref]
    victim = victims.one(rows[0])
    known = next((r for r in memory.open if key_of(r) == victim.key), None)
    onset = frames.grid.index(known.onset_at) if known is not None else onset_of(victim, window.quiet[rows[0]])
    life = Life(detected_at=known.detected_at if known else window.at)
    if known is not None:
        instead = stand_in_of(known, victims.bounds)
        life = Life(detected_at=known.detected_at, silent=known.silent)
        return look(window, rows[0], max(onset, 0), life, stalled=known.stalled, instead=instead)
    seen = look(window, rows[0], max(onset, 0), life, stalled=False)
    return seen._replace(finding=replace(seen.finding, reasons=("no_open_regression", *seen.finding.reasons)))


def _blind(frames: Frames, victims: Victims) -> tuple[BlindSpot, ...]:
    """What the source said of its answers, and the signals without which there is nothing to say."""
    spots = list(frames.quality)
    if not victims.keys:
        spots.append(BlindSpot("ttft_bucket", "no inference server exports a TTFT histogram"))
    for signal, why in (
        ("disk_queue_time", "no node exports disk statistics: volumes cannot be judged"),
        ("pod_reads", "no kubelet exports the I/O of pods: nobody can be named"),
    ):
        if not frames.get(signal).labels:
            spots.append(BlindSpot(signal, why))
    return tuple(spots)
