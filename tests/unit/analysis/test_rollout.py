"""What changed about the victim itself, and that it is said."""

from dataclasses import replace

import numpy as np
import pytest

from correlator.analysis.evaluate import evaluate
from correlator.analysis.memory import Memory
from correlator.analysis.rollout import changes_around
from correlator.analysis.victims import VictimKey
from correlator.model.finding import EndReason, Finding, Verdict
from correlator.model.frame import Frame, Frames, Labels, labels_of
from correlator.model.topology import Pod, PodRef, Topology
from correlator.topology import join
from tests.calibrated import calibrated
from tests.scenes import Story
from tests.unit.analysis import stories
from tests.unit.analysis.playing import window
from tests.unit.analysis.stories import FIRST, ONSET, STEPS

START, STEP = stories.quiet().start, 15
ONSET_AT = START + ONSET * STEP
KEY = VictimKey(PodRef("inference", "vllm-0"), "llama")
WIDTH = 61


def with_start(frames: Frames, started_at: float) -> Frames:
    """The frames, and that Kubernetes started the victim then."""
    labels = labels_of({"namespace": "inference", "pod": "vllm-0", "uid": "uid-2"})
    told = Frame("pod_start_time", frames.grid, (labels,), np.full((1, frames.grid.count), started_at))
    return replace(frames, by_signal={**frames.by_signal, "pod_start_time": told})


def with_reset(frames: Frames, at: int) -> Frames:
    """The frames, the victim's counters beginning anew at a step."""
    changed = dict(frames.by_signal)
    for signal in ("ttft_bucket", "ttft_sum", "ttft_count", "prompt_tokens", "requests_finished"):
        values = frames.get(signal).values.copy()
        values[:, at:] -= values[:, at - 1 : at]
        changed[signal] = Frame(signal, frames.grid, frames.get(signal).labels, values)
    return replace(frames, by_signal=changed)


def with_another_model(frames: Frames, since: int) -> Frames:
    """The frames, the victim serving another model from a step on."""
    changed = dict(frames.by_signal)
    for signal in ("ttft_bucket", "ttft_sum", "ttft_count", "requests_running", "requests_waiting"):
        frame = frames.get(signal)
        rows: dict[Labels, np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = {}
        for labels, values in zip(frame.labels, frame.values, strict=True):
            steps = np.arange(frames.grid.count)
            rows[labels] = np.where(steps < since, values, np.nan)
            rows[labels_of({**dict(labels), "model_name": "qwen"})] = np.where(steps >= since, values, np.nan)
        changed[signal] = Frame.from_rows(signal, frames.grid, rows)
    return replace(frames, by_signal=changed)


def deployed(topology: Topology, sibling: str, started_at: float) -> tuple[Topology, VictimKey]:
    """The victim as a pod of a Deployment, with another pod of it that started then."""
    mine, other = (PodRef("inference", name) for name in ("vllm-7c9f45d8b6-x2x8q", sibling))
    pods = {
        mine: Pod(ref=mine, workload="Deployment/vllm", started_at=1.0),
        other: Pod(ref=other, workload="Deployment/vllm", started_at=started_at),
    }
    return replace(topology, pods={**topology.pods, **pods}), VictimKey(mine, "llama")


def changes(frames: Frames, key: VictimKey = KEY, topology: Topology | None = None) -> tuple[str, ...]:
    """What is found around the onset."""
    return changes_around(frames, topology or join(frames), key, ONSET_AT)


def test_a_pod_that_started_just_before_is_a_restart() -> None:
    """As Kubernetes says; hours before is none, nor is another pod's start."""
    frames = stories.quiet().frames()
    assert changes(frames) == ()
    assert changes(with_start(frames, ONSET_AT - 300.0)) == ("restart",)
    assert changes(with_start(frames, ONSET_AT - 3600.0)) == ()
    assert changes(with_start(frames, ONSET_AT - 300.0), replace(KEY, ref=PodRef("inference", "vllm-1"))) == ()


@pytest.mark.parametrize(("at", "expected"), [(ONSET - 3, ("restart",)), (ONSET - 60, ()), (ONSET + 9, ())])
def test_counters_that_begin_anew_are_a_restart(at: int, expected: tuple[str, ...]) -> None:
    """A container restarts within its pod; only around the moment that is asked for."""
    assert changes(with_reset(stories.quiet().frames(), at)) == expected


@pytest.mark.parametrize(
    ("sibling", "started_at", "expected"),
    [
        ("vllm-6d4b75cb6d-hkz2p", ONSET_AT - 60.0, ("rollout",)),
        ("vllm-6d4b75cb6d-hkz2p", ONSET_AT - 7200.0, ()),
        ("vllm-7c9f45d8b6-hkz2p", ONSET_AT - 60.0, ()),
    ],
    ids=["another template", "long ago", "one more replica"],
)
def test_pods_of_another_template_are_a_rollout(sibling: str, started_at: float, expected: tuple[str, ...]) -> None:
    """A Deployment names them by template: one more replica of the same is none."""
    frames = stories.quiet().frames()
    topology, key = deployed(join(frames), sibling, started_at)
    assert changes(frames, key, topology) == expected


def test_another_model_on_the_same_pod_is_a_change_of_model() -> None:
    """From then on; a pod that serves two all along changed nothing."""
    frames = stories.quiet().frames()
    assert changes(with_another_model(frames, ONSET)) == ("model_change",)
    assert changes(with_another_model(frames, 0)) == ()


def play(frames: Frames, first: int, last: int) -> list[Finding]:
    """Findings of a walk with a short window."""
    memory = Memory()
    findings: list[Finding] = []
    for end in range(first, last + 1):
        seen = window(frames, end, WIDTH)
        evaluation = evaluate(seen, join(seen), memory, seen.grid.last, calibrated())
        memory = evaluation.memory
        findings += evaluation.findings
    return findings


def slower_for_good() -> Frames:
    """First tokens take four times as long from the onset on, and storage has nothing to do with it."""
    story = Story(steps=ONSET + 3 * WIDTH)
    story.ttft_seconds = story.stepped(0.05, 0.2, ONSET, story.steps)
    return story.frames()


def test_a_new_normal_that_began_with_a_restart_says_so() -> None:
    """It ends after two windows, and the reason named at its onset stands beside the end."""
    frames = with_reset(slower_for_good(), ONSET - 1)
    last = play(frames, FIRST, ONSET + 3 * WIDTH)[-1]
    assert last.end_reason is EndReason.NEW_NORMAL
    assert last.verdict is Verdict.OTHER
    assert "restart" in last.reasons
    assert "It began as the pod started anew." in last.explanation
    assert last.explanation.endswith("the new normal from here on.")


def test_a_new_normal_out_of_the_blue_names_no_change() -> None:
    """Nothing is said of a rollout that was not."""
    last = play(slower_for_good(), FIRST, ONSET + 3 * WIDTH)[-1]
    assert last.end_reason is EndReason.NEW_NORMAL
    assert not {"restart", "rollout", "model_change"} & set(last.reasons)
    assert "It began as" not in last.explanation


def test_a_regression_that_ended_with_a_change_of_model_says_so() -> None:
    """The model that was slow is served no more: nobody waits for it."""
    frames = with_another_model(stories.slow_compute().frames(), ONSET + 10)
    last = [finding for finding in play(frames, FIRST, STEPS) if finding.victim.model_name == "llama"][-1]
    assert last.end_reason is EndReason.RECOVERED
    assert "model_change" in last.reasons
    assert last.explanation.endswith("It ended as the pod took up another model.")
