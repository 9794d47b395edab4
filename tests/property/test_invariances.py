"""What must not matter to a verdict, and what must move with it: names, units, time, gaps of single series; sums."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.model.finding import Finding, MeanExcess, Verdict
from correlator.model.frame import Frame, Frames, labels_of
from correlator.model.grid import Grid
from tests.property.test_engine_laws import DISK_SIGNALS, POD_SIGNALS, shuffled
from tests.scenes import Story
from tests.unit.analysis import stories
from tests.unit.analysis.playing import name, play, play_frames
from tests.unit.analysis.stories import END, FIRST, LATER, ONSET

SOON = ONSET + 6
CULPRITS = (stories.one_writer, stories.two_writers, stories.bystander, stories.heavy_innocent, stories.one_reader)
INNOCENTS = (
    stories.slow_compute,
    stories.unexposed,
    stories.degraded,
    stories.more_load,
    stories.longer_prompts,
    stories.other_disk,
)
NAMED = ("namespace", "pod", "node", "instance", "model_name", "owner_name", "uid", "container")


def renamed(frames: Frames, names: Mapping[str, str]) -> Frames:
    """The same series under other names of everything that has one; a device keeps its two spellings."""
    other: dict[str, Frame] = {}
    for signal, frame in frames.by_signal.items():
        rows = {}
        for labels, values in zip(frame.labels, frame.values, strict=True):
            new = {k: names.get(v, v) if k in NAMED else v.replace("sda", "nvme7n1") for k, v in labels}
            rows[labels_of(new)] = values
        other[signal] = Frame.from_rows(signal, frame.grid, rows)
    return Frames(frames.grid, other, frames.intervals, frames.quality)


def names_in(frames: Frames) -> list[str]:
    """All values of labels that are names."""
    every = {v for frame in frames.by_signal.values() for labels in frame.labels for k, v in labels if k in NAMED}
    return sorted(every)


@settings(max_examples=8)
@given(st.sampled_from((*CULPRITS, stories.degraded, stories.own_io, stories.unattributed)), st.integers(0, 10_000))
def test_no_name_decides_anything(teller: Callable[[], Story], seed: int) -> None:
    """Everything has another name, in another order: verdict, confidence, shares and costs are the same."""
    frames = teller().frames()
    known = names_in(frames)
    order = np.random.default_rng(seed).permutation(len(known))
    names = {old: f"{place:03}-{old.upper()[::-1]}" for old, place in zip(known, order.tolist(), strict=True)}
    one, two = (play_frames(f, ONSET + 1, SOON) for f in (frames, renamed(frames, names)))
    assert len(one.findings) == len(two.findings) > 0
    for left, right in zip(one.findings, two.findings, strict=True):
        assert (left.verdict, left.started_at, left.reasons) == (right.verdict, right.started_at, right.reasons)
        assert left.confidence == pytest.approx(right.confidence, abs=1e-3)
        told = {s.pod: s for s in right.suspects}
        for suspect in left.suspects:
            again = told[names.get(suspect.pod, suspect.pod)]
            assert again.accused == suspect.accused
            assert again.share_ratio == pytest.approx(suspect.share_ratio, abs=1e-3)
            assert again.mean_excess_seconds == pytest.approx(suspect.mean_excess_seconds, abs=1e-4)


@settings(max_examples=8)
@given(st.sampled_from((*CULPRITS, *INNOCENTS)), st.floats(0.25, 8.0))
def test_the_unit_of_bytes_decides_nothing(teller: Callable[[], Story], factor: float) -> None:
    """Bytes alone times a factor, as operations of another size: the same verdict on the same pods."""
    frames = teller().frames()
    sized = {
        signal: Frame(signal, f.grid, f.labels, f.values * (factor if "bytes" in signal else 1.0))
        for signal, f in frames.by_signal.items()
    }
    written = ("pod_written_bytes", "pod_read_bytes", "disk_written_bytes", "disk_read_bytes")
    assert all(signal in sized for signal in written)
    one = play_frames(frames, ONSET + 1, SOON)
    two = play_frames(Frames(frames.grid, sized, frames.intervals), ONSET + 1, SOON)
    assert [f.verdict for f in one.findings] == [f.verdict for f in two.findings]
    assert [accused(f) for f in one.findings] == [accused(f) for f in two.findings]


def accused(finding: Finding) -> set[str]:
    """Who is accused."""
    return {name(s) for s in finding.suspects if s.accused}


def without_first(frames: Frames, steps: int) -> Frames:
    """The frames without their first steps, told as if they had begun at the same instant."""
    grid = Grid(frames.grid.start, frames.grid.step, frames.grid.count - steps)
    return Frames(
        grid,
        {s: Frame(s, grid, f.labels, _earlier(s, f, steps)) for s, f in frames.by_signal.items()},
        frames.intervals,
    )


def _earlier(signal: str, frame: Frame, steps: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Later columns; heartbeats are instants, and move along."""
    values = frame.values[:, steps:]
    return values - steps * frame.grid.step if signal.endswith("heartbeat") else values


@settings(max_examples=8)
@given(st.sampled_from((*CULPRITS, stories.degraded, stories.slow_compute)), st.integers(1, 40))
def test_an_incident_that_happens_earlier_in_the_window_is_told_as_much_earlier(
    teller: Callable[[], Story], steps: int
) -> None:
    """Its onset, detection and every look move by so many steps; verdict and accused stay."""
    frames = teller().frames()
    one = play_frames(frames, FIRST, LATER)
    two = play_frames(without_first(frames, steps), FIRST - steps, LATER - steps)
    by = timedelta(seconds=steps * frames.grid.step)
    assert one.findings
    assert [f.at - by for f in one.findings] == [f.at for f in two.findings]
    assert {f.detected_at - by for f in one.findings} == {f.detected_at for f in two.findings}
    assert one.last.started_at - by == two.last.started_at
    assert [f.verdict for f in one.findings] == [f.verdict for f in two.findings]
    assert accused(one.last) == accused(two.last)
    assert {s.pod: s.share_ratio for s in one.last.suspects if s.accused} == pytest.approx(
        {s.pod: s.share_ratio for s in two.last.suspects if s.accused}, abs=0.02
    )


@settings(max_examples=6)
@given(st.sampled_from((stories.one_writer, stories.degraded)), st.integers(1, 30))
def test_it_does_not_matter_when_watching_began(teller: Callable[[], Story], earlier: int) -> None:
    """A daemon that started some quiet steps before says the same, to the last digit."""
    frames = teller().frames()
    assert play_frames(frames, FIRST, SOON).findings == play_frames(frames, FIRST - earlier, SOON).findings


def with_holes(frames: Frames, share: float, seed: int) -> Frames:
    """Every series loses samples of its own, while its target is up."""
    rng = np.random.default_rng(seed)
    holed: dict[str, Frame] = {}
    for signal, frame in frames.by_signal.items():
        values = frame.values.copy()
        if signal in POD_SIGNALS[:4] or signal in DISK_SIGNALS[:8]:
            values[rng.random(values.shape) < share] = np.nan
        holed[signal] = Frame(signal, frame.grid, frame.labels, values)
    return Frames(frames.grid, holed, frames.intervals, frames.quality)


@settings(max_examples=12)
@given(st.sampled_from(INNOCENTS), st.floats(0.02, 0.5), st.integers(0, 10_000))
def test_holes_in_single_series_accuse_nobody_of_what_nobody_did(
    teller: Callable[[], Story], share: float, seed: int
) -> None:
    """Neither crash nor accusation, whichever samples are lost."""
    assert play_frames(with_holes(teller().frames(), share, seed), FIRST, LATER).accused == set()


@settings(max_examples=10)
@given(st.sampled_from(CULPRITS), st.floats(0.02, 0.5), st.integers(0, 10_000))
def test_holes_in_single_series_accuse_no_innocent(teller: Callable[[], Story], share: float, seed: int) -> None:
    """Who did it may stay unproven, but who did not is never accused."""
    told = play_frames(with_holes(teller().frames(), share, seed), FIRST, LATER)
    guilty = {"reindex-abc", "export-abc", "compact-1", "backup-1"}
    assert told.accused <= {*guilty, "unattributed"}


@settings(max_examples=6)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_changes_no_reason(seed: int) -> None:
    """Why not the others: the same pods in the same order with the same words, equals among them."""
    made = stories.one_writer()
    made.device_pods += [stories.always(made, "crowd", f"c-{i}", 2e6) for i in range(20)]
    frames = made.frames()
    one, two = (play_frames(f, ONSET + 1, ONSET + 4).last.evidence for f in (frames, shuffled(frames, seed)))
    assert [(c.pod, c.reason, c.sentence) for c in one.considered] == [
        (c.pod, c.reason, c.sentence) for c in two.considered
    ]
    assert one.considered_rest == two.considered_rest > 0


def parts_of(excess: MeanExcess) -> list[float]:
    """The five parts; none is unknown where the total is known."""
    parts = (excess.suspects, excess.load, excess.own_io, excess.unattributed_io, excess.unexplained)
    assert None not in parts
    return [part for part in parts if part is not None]


def check_sums(finding: Finding) -> None:
    """The parts are no less than nothing and sum to the rise of the mean; suspects divide theirs."""
    excess, means = finding.ttft.mean_excess_seconds, finding.evidence.mean_ttft
    assert means is not None
    if excess.total is None:
        return
    parts = parts_of(excess)
    assert sum(parts) == pytest.approx(excess.total, abs=1e-9)
    assert min(parts) >= -1e-9
    if means.baseline_seconds is not None and means.observed_seconds is not None:
        assert excess.total == pytest.approx(max(0.0, means.observed_seconds - means.baseline_seconds), abs=1e-9)
    if finding.verdict is Verdict.CONTENTION:
        suspects = sum(s.mean_excess_seconds or 0.0 for s in finding.suspects)
        assert suspects <= (excess.suspects or 0.0) + (excess.unattributed_io or 0.0) + 1e-3 * excess.total


@settings(max_examples=10)
@given(
    st.floats(1.5, 12.0),
    st.lists(st.floats(2e6, 6e8), min_size=0, max_size=3),
    st.floats(1.0, 2.5),
    st.floats(0.0, 1500.0),
    st.floats(1.0, 40.0),
)
def test_the_parts_of_the_mean_excess_sum_to_it(
    slower: float, writers: list[float], busier: float, hidden: float, latency: float
) -> None:
    """Whatever mixture of writers, load, hidden I/O and slow disk it is."""
    made = stories.slow_tokens(stories.slow_disk(stories.story(), latency), slower)
    made.rates = stories.during(made, 4.0, 4.0 * busier)
    made.unattributed_writes = stories.during(made, 0.0, hidden)
    made.device_pods += [
        made.writer("data", f"job-{i}", ONSET, END, bandwidth=bandwidth) for i, bandwidth in enumerate(writers)
    ]
    for finding in play(made, ONSET + 1, SOON).findings:
        check_sums(finding)


@pytest.mark.parametrize("teller", [*CULPRITS, *INNOCENTS, stories.own_io, stories.unattributed, stories.frozen])
def test_the_parts_sum_in_every_story(teller: Callable[[], Story]) -> None:
    """At every look."""
    told = play(teller(), FIRST, LATER)
    assert told.findings
    for finding in told.findings:
        check_sums(finding)
