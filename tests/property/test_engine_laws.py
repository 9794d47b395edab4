"""Laws of the engine: what must not matter does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.analysis.evaluate import evaluate
from correlator.analysis.memory import Memory
from correlator.model.finding import Finding, Verdict
from correlator.model.frame import Floats, Frame, Frames, Labels
from correlator.model.grid import Grid
from correlator.topology import join
from tests.calibrated import calibrated
from tests.scenes import Story
from tests.unit.analysis import stories
from tests.unit.analysis.playing import play, play_frames, window
from tests.unit.analysis.stories import END, FIRST, LATER, ONSET

POD_SIGNALS = ("pod_reads", "pod_writes", "pod_read_bytes", "pod_written_bytes", "pod_io_heartbeat")
DISK_SIGNALS = (
    "disk_reads",
    "disk_writes",
    "disk_read_bytes",
    "disk_written_bytes",
    "disk_read_time",
    "disk_write_time",
    "disk_queue_time",
    "disk_io_time",
    "disk_heartbeat",
)


def moved(finding: Finding, by: timedelta) -> Finding:
    """The finding with every instant later."""
    ended = None if finding.ended_at is None else finding.ended_at + by
    evidence = replace(
        finding.evidence,
        times=tuple(at + by for at in finding.evidence.times),
        onset=None if finding.evidence.onset is None else finding.evidence.onset + by,
        ended_at=None if finding.evidence.ended_at is None else finding.evidence.ended_at + by,
    )
    return replace(
        finding,
        at=finding.at + by,
        started_at=finding.started_at + by,
        detected_at=finding.detected_at + by,
        ended_at=ended,
        evidence=evidence,
    )


@pytest.mark.parametrize("steps", [1, 7, 5760])
def test_a_story_that_happens_later_is_the_same_story_later(steps: int) -> None:
    """Shifted by whole steps all instants shift by as much, and nothing else changes."""
    now, then = stories.one_writer(), stories.one_writer()
    then.start += steps * then.step
    one, two = play(now, FIRST, LATER), play(then, FIRST, LATER)
    by = timedelta(seconds=steps * now.step)
    assert one.findings
    assert tuple(moved(finding, by) for finding in one.findings) == two.findings


def shuffled(frames: Frames, seed: int) -> Frames:
    """The same rows in another order, signals too."""
    rng = np.random.default_rng(seed)
    names = list(frames.by_signal)
    rng.shuffle(names)
    mixed: dict[str, Frame] = {}
    for name in names:
        frame = frames.by_signal[name]
        order = rng.permutation(len(frame.labels))
        labels = tuple(frame.labels[row] for row in order)
        mixed[name] = Frame(name, frame.grid, labels, frame.values[order])
    return Frames(frames.grid, mixed, frames.intervals, frames.quality)


@settings(max_examples=6)
@given(st.integers(0, 10_000), st.sampled_from((stories.two_writers, stories.bystander, stories.cadvisor_gone)))
def test_the_order_of_rows_changes_nothing(seed: int, teller: Callable[[], Story]) -> None:
    """Verdict, suspects, order of suspects and words are those of the sorted frames, to the last digits."""
    frames = teller().frames()
    one = play_frames(frames, ONSET + 1, ONSET + 6)
    two = play_frames(shuffled(frames, seed), ONSET + 1, ONSET + 6)
    assert [f.explanation for f in one.findings] == [f.explanation for f in two.findings]
    assert [f.verdict for f in one.findings] == [f.verdict for f in two.findings]
    for left, right in zip(one.findings, two.findings, strict=True):
        assert left.started_at == right.started_at
        assert [(s.pod, s.accused) for s in left.suspects] == [(s.pod, s.accused) for s in right.suspects]
        for a, b in zip(left.suspects, right.suspects, strict=True):
            assert a.confidence == pytest.approx(b.confidence, abs=1e-3)
            assert a.share_ratio == pytest.approx(b.share_ratio, abs=1e-3)


@settings(max_examples=6)
@given(st.integers(1, 5))
def test_idle_pods_change_no_verdict(number: int) -> None:
    """Pods that do no I/O have no share, no blame and no line."""
    plain, crowded = stories.one_writer(), stories.one_writer()
    crowded.device_pods += [stories.always(crowded, "idle", f"idle-{i}", 0.0) for i in range(number)]
    one, two = play(plain, FIRST, LATER).last, play(crowded, FIRST, LATER).last
    assert one.explanation == two.explanation
    assert [replace(s, p_value=None, q_value=None) for s in one.suspects] == [
        replace(s, p_value=None, q_value=None) for s in two.suspects
    ]


@settings(max_examples=4)
@given(st.permutations(("a-1", "b-1", "c-1")))
def test_names_do_not_decide(names: list[str]) -> None:
    """Three jobs whose names are swapped: shares go with the load, not with the name."""
    made = stories.contention()
    loads = (200e6, 120e6, 80e6)
    made.device_pods += [
        made.writer("data", name, ONSET, END, bandwidth=load) for name, load in zip(names, loads, strict=True)
    ]
    told = play(made, FIRST, LATER).last
    found = {s.pod: s.share_ratio for s in told.suspects}
    assert [found[name] for name in names] == pytest.approx([0.5, 0.3, 0.2], abs=0.02)
    assert [s.pod for s in told.suspects] == names


def with_gaps(frames: Frames, share: float, seed: int) -> Frames:
    """Scrapes of each exporter fail at random, each on its own."""
    rng = np.random.default_rng(seed)
    failed = {exporter: rng.random(frames.grid.count) < share for exporter in ("vllm", "kubelet", "node")}
    holed: dict[str, Frame] = {}
    for name, frame in frames.by_signal.items():
        if name in {"pod_info", "pod_owner"}:
            holed[name] = frame
            continue
        exporter = "kubelet" if name in POD_SIGNALS else "node" if name in DISK_SIGNALS else "vllm"
        values = frame.values.copy()
        values[:, failed[exporter]] = np.nan
        holed[name] = Frame(name, frame.grid, frame.labels, values)
    return Frames(frames.grid, holed, frames.intervals, frames.quality)


@settings(max_examples=12)
@given(
    st.sampled_from((stories.slow_compute, stories.unexposed, stories.degraded, stories.more_load, stories.other_disk)),
    st.floats(0.02, 0.4),
    st.integers(0, 10_000),
)
def test_missing_scrapes_never_make_an_accusation(teller: Callable[[], Story], share: float, seed: int) -> None:
    """In a story without a culprit nobody is accused and nothing is called contention, whatever cannot be seen."""
    told = play_frames(with_gaps(teller().frames(), share, seed), FIRST, LATER)
    assert told.accused == set()
    assert all(finding.verdict is not Verdict.CONTENTION for finding in told.findings)


@settings(max_examples=6)
@given(st.floats(0.02, 0.4), st.integers(0, 10_000))
def test_missing_scrapes_open_nothing_in_a_quiet_cluster(share: float, seed: int) -> None:
    """A gain over a gap is no burst."""
    assert play_frames(with_gaps(stories.quiet().frames(), share, seed), 100, 130).findings == ()


@settings(max_examples=6)
@given(st.floats(0.02, 0.2), st.integers(0, 10_000))
def test_missing_scrapes_accuse_no_other_pod(share: float, seed: int) -> None:
    """Of a story with a culprit no other pod is accused, though the culprit may stay unproven."""
    told = play_frames(with_gaps(stories.one_writer().frames(), share, seed), FIRST, LATER)
    assert told.accused <= {"reindex-abc", "unattributed"}


def scaled(frames: Frames, factor: float) -> Frames:
    """Every count of a pod and of the disk times `factor`; what is a time stays."""
    more = set(POD_SIGNALS[:4]) | set(DISK_SIGNALS[:4])

    def one(name: str, values: Floats) -> Floats:
        return values * factor if name in more else values

    changed = {name: replace_values(frame, one(name, frame.values)) for name, frame in frames.by_signal.items()}
    return Frames(frames.grid, changed, frames.intervals, frames.quality)


def replace_values(frame: Frame, values: Floats) -> Frame:
    """A frame with other numbers."""
    return Frame(frame.signal, frame.grid, frame.labels, values)


@settings(max_examples=5)
@given(st.floats(0.25, 8.0))
def test_the_unit_of_io_does_not_decide_who_did_it(factor: float) -> None:
    """More operations of pods and disk alike, at the same times: the same shares, since prices are learnt."""
    frames = stories.two_writers().frames()
    one, two = (play_frames(f, ONSET + 4, ONSET + 6) for f in (frames, scaled(frames, factor)))
    left, right = ({s.pod: s.share_ratio for s in told.last.suspects} for told in (one, two))
    assert left == pytest.approx(right, abs=0.02)


@settings(max_examples=6)
@given(st.integers(1, 200))
def test_what_is_before_the_window_does_not_matter(ahead: int) -> None:
    """Counters may start anywhere: a constant added to each, as after days of running, changes nothing."""
    frames = stories.one_writer().frames()
    raised: dict[str, Frame] = {}
    for name, frame in frames.by_signal.items():
        old = name.startswith("disk_") and not name.endswith("heartbeat")
        raised[name] = replace_values(frame, frame.values + (1024.0 * ahead if old else 0.0))
    one = play_frames(frames, ONSET + 1, ONSET + 6)
    two = play_frames(Frames(frames.grid, raised, frames.intervals), ONSET + 1, ONSET + 6)
    assert [f.explanation for f in one.findings] == [f.explanation for f in two.findings]


def test_an_empty_row_is_no_row() -> None:
    """A series without any value in the window is as if it were not there."""
    seen = window(stories.one_writer().frames(), ONSET + 5)
    rows: dict[Labels, Floats] = dict(zip(seen.get("pod_writes").labels, seen.get("pod_writes").values, strict=True))
    ghost = tuple((k, "ghost" if k == "pod" else v) for k, v in next(iter(rows)))
    rows[ghost] = np.full(seen.grid.count, np.nan)
    haunted = Frames(
        Grid(seen.grid.start, seen.grid.step, seen.grid.count),
        {**seen.by_signal, "pod_writes": Frame.from_rows("pod_writes", seen.grid, rows)},
        seen.intervals,
    )
    plain, with_ghost = (evaluate(f, join(f), Memory(), f.grid.last, calibrated()).findings[0] for f in (seen, haunted))
    assert plain.explanation == with_ghost.explanation
