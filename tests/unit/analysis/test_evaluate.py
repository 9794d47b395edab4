"""One step of judgement, and a regression's life over many."""

from dataclasses import replace

import pytest

from correlator.analysis.evaluate import evaluate, evaluate_unwatched, explain_victim
from correlator.analysis.memory import Memory
from correlator.model.finding import EndReason, Finding, Verdict
from correlator.model.frame import Frame, Frames, labels_of
from correlator.model.snapshot import Snapshot
from correlator.model.topology import PodRef
from correlator.topology import join
from tests.calibrated import calibrated
from tests.unit.analysis import stories
from tests.unit.analysis.playing import play, play_frames, window
from tests.unit.analysis.stories import END, FIRST, LATER, ONSET, STEPS

VICTIM = PodRef("inference", "vllm-0")


def test_a_regression_opens_once_and_ends_once() -> None:
    """Opened within three steps, ended where first tokens were normal again, and not opened again after."""
    told = play(stories.one_writer(), FIRST)
    assert told.incidents == 1
    first, last = told.findings[0], told.last
    assert (first.detected_at - first.started_at).total_seconds() <= 3 * 15
    assert last.end_reason is EndReason.RECOVERED
    assert last.ended_at is not None
    assert abs((last.ended_at.timestamp() - 1_800_000_000) / 15 - END) <= 4
    assert told.evaluation.memory.open == ()
    assert len(told.evaluation.memory.past) == 1


def test_the_last_word_speaks_of_the_whole_regression() -> None:
    """After the end its verdict and culprit still stand."""
    last = play(stories.one_writer(), FIRST).last
    assert last.verdict is Verdict.CONTENTION
    assert [s.pod for s in last.suspects if s.accused] == ["reindex-abc"]


def test_all_findings_of_a_regression_carry_its_identity() -> None:
    """The victim and the step of detection: what an incident's id is made of."""
    told = play(stories.one_writer(), FIRST)
    assert len({(f.victim.namespace, f.victim.pod, f.victim.model_name, f.detected_at) for f in told.findings}) == 1


def test_a_second_burst_is_a_second_regression() -> None:
    """Told apart by a calm between them, each with the culprit."""
    made = stories.one_writer()
    for values in (made.ttft_seconds, made.read_latency):
        assert values is not None
        values[ONSET + 8 : ONSET + 20] = values[0]
    job = made.device_pods[-1]
    job.writes[ONSET + 8 : ONSET + 20] = 0
    job.write_bytes[ONSET + 8 : ONSET + 20] = 0
    told = play(made, FIRST)
    assert told.incidents == 2
    assert told.accused == {"reindex-abc"}


def test_contention_inside_a_slower_hour_is_a_regression_of_its_own() -> None:
    """Compute is slow first, then a job fills the disk: the second, worse regression takes over and names the job."""
    made = stories.one_writer()
    assert made.ttft_seconds is not None
    made.ttft_seconds[ONSET - 14 : ONSET] = 0.1
    made.ttft_seconds[ONSET:END] = 0.4
    told = play(made, ONSET - 16, LATER)
    assert told.incidents == 2
    verdicts = {finding.detected_at: finding.verdict for finding in told.findings}
    assert list(verdicts.values()) == [Verdict.OTHER, Verdict.CONTENTION]
    assert told.accused == {"reindex-abc"}
    assert abs((told.last.started_at.timestamp() - 1_800_000_000) / 15 - ONSET) <= 2


def test_a_quiet_cluster_has_no_findings() -> None:
    """Nor any memory of one."""
    told = play(stories.quiet(), 60)
    assert told.findings == ()
    assert told.evaluation.memory == Memory()


def test_a_victim_that_is_gone_ends_its_regression() -> None:
    """Its pod was deleted: the series end, and so does the regression."""
    made = stories.one_writer()
    made.missing = {"vllm": slice(ONSET + 10, STEPS)}
    told = play(made, FIRST)
    assert told.last.end_reason is EndReason.GONE
    assert told.evaluation.memory.open == ()


def test_memory_may_be_stored_between_any_two_steps() -> None:
    """Encoded and decoded after each step, or never: the same findings and the same memory."""
    frames = stories.one_writer().frames()
    stored = play_frames(frames, FIRST, LATER)
    memory = Memory()
    findings: list[Finding] = []
    for end in range(FIRST, LATER + 1):
        seen = window(frames, end)
        evaluation = evaluate(seen, join(seen), memory, seen.grid.last, calibrated())
        memory = evaluation.memory
        findings += evaluation.findings
    assert tuple(findings) == stored.findings
    assert memory == stored.evaluation.memory


def test_a_step_is_a_function_of_its_arguments() -> None:
    """Judged twice it says the same, and what it was given is as before."""
    frames = stories.one_writer().frames()
    seen = window(frames, ONSET + 2)
    topology = join(seen)
    copies = {name: frame.values.copy() for name, frame in seen.by_signal.items()}
    one = evaluate(seen, topology, Memory(), seen.grid.last, calibrated())
    two = evaluate(seen, topology, Memory(), seen.grid.last, calibrated())
    assert one == two
    assert one.findings
    for name, frame in seen.by_signal.items():
        assert copies[name].tobytes() == frame.values.tobytes()


def test_a_walk_that_nobody_watches_finds_the_same() -> None:
    """It only spares itself the snapshot."""
    seen = window(stories.one_writer().frames(), ONSET + 2)
    watched = evaluate(seen, join(seen), Memory(), seen.grid.last, calibrated())
    unwatched = evaluate_unwatched(seen, join(seen), Memory(), seen.grid.last, calibrated())
    assert watched.findings
    assert watched.snapshot.victims
    assert unwatched == replace(watched, snapshot=Snapshot(at=watched.snapshot.at))


def test_only_the_last_step_can_be_judged() -> None:
    """Anything else would look into the future."""
    seen = window(stories.quiet().frames(), 100)
    with pytest.raises(ValueError, match="not the last"):
        evaluate(seen, join(seen), Memory(), seen.grid.start, calibrated())


def test_nothing_to_see_is_said() -> None:
    """Empty frames: no findings, and what is missing in words."""
    grid = window(stories.quiet().frames(), 100).grid
    evaluation = evaluate(Frames(grid, {}), join(Frames(grid, {})), Memory(), grid.last, calibrated())
    assert evaluation.findings == ()
    assert {spot.signal for spot in evaluation.snapshot.blind_spots} == {"ttft_bucket", "disk_queue_time", "pod_reads"}


def test_a_higher_threshold_accuses_less() -> None:
    """The accusation threshold is the user's."""
    seen = window(stories.one_writer().frames(), ONSET + 8)
    for threshold, accused in ((0.8, True), (0.99, False)):
        found = explain_victim(
            seen, join(seen), VICTIM, Memory(), replace(calibrated(), accusation_threshold=threshold)
        )
        assert found is not None
        assert found.suspects[0].accused == accused


def test_any_victim_can_be_explained_regressed_or_not() -> None:
    """A quiet one is told as such; one that does not exist is None."""
    seen = window(stories.quiet().frames(), 100)
    found = explain_victim(seen, join(seen), VICTIM, Memory(), calibrated())
    assert found is not None
    assert found.reasons[0] == "no_open_regression"
    assert explain_victim(seen, join(seen), PodRef("a", "b"), Memory(), calibrated()) is None


def test_a_restart_of_the_victim_accuses_nobody() -> None:
    """Counters from zero and a gap are no slow first tokens."""
    frames = stories.quiet().frames()
    changed = dict(frames.by_signal)
    for signal in ("ttft_bucket", "ttft_sum", "ttft_count", "prompt_tokens", "requests_finished"):
        frame = frames.get(signal)
        values = frame.values.copy()
        values[:, 130:] -= values[:, 129:130]
        values[:, 128:130] = float("nan")
        changed[signal] = Frame(signal, frame.grid, frame.labels, values)
    told = play_frames(Frames(frames.grid, changed, frames.intervals), 125, 150)
    assert told.findings == ()


def test_the_snapshot_knows_the_open_regression() -> None:
    """The victim is shown with its baseline and since when it is slow."""
    told = play(stories.one_writer(), FIRST, LATER)
    victim = told.evaluation.snapshot.victims[0]
    assert victim.regressed_since == told.last.started_at
    mean = next(ttft for ttft in victim.ttft if ttft.statistic == "mean")
    assert mean.baseline_seconds == pytest.approx(0.05, rel=0.1)
    assert mean.observed_seconds == pytest.approx(0.2, rel=0.1)


def test_two_victims_are_judged_each_for_itself() -> None:
    """A second server with its own, quiet first tokens has no finding."""
    slow, calm = stories.one_writer().frames(), stories.quiet(2).frames()
    changed = dict(slow.by_signal)
    for signal in ("ttft_bucket", "ttft_sum", "ttft_count", "prompt_tokens", "requests_finished", "requests_running"):
        other = calm.get(signal)
        rows = dict(zip(slow.get(signal).labels, slow.get(signal).values, strict=True))
        for labels, values in zip(other.labels, other.values, strict=True):
            rows[labels_of({**dict(labels), "pod": "vllm-1", "instance": "10.1.0.2:8000"})] = values
        changed[signal] = Frame.from_rows(signal, slow.grid, rows)
    told = play_frames(Frames(slow.grid, changed, slow.intervals), FIRST, LATER)
    assert {finding.victim.pod for finding in told.findings} == {"vllm-0"}
