"""The grid, and that it does not matter how far a walk goes at once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.analysis.evaluate import Evaluation
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.inquiry import Inquiry, Walk
from correlator.model.frame import BlindSpot, Frames, Labels
from correlator.model.grid import Grid
from correlator.model.history import History
from correlator.model.signal import Aspect, Kind
from correlator.model.snapshot import Snapshot
from correlator.model.source import SourceError
from correlator.model.topology import Topology
from tests.calibrated import calibrated
from tests.fakes import FakeSource, Reading, signal

STEP = 15
PARAMETERS = calibrated(window_steps=20, window_seconds_minimum=60)
Seen = tuple[int, str]


@dataclass
class Witness:
    """A judge that notes all that each judgement saw."""

    seen: list[Seen] = field(default_factory=list)
    fails_at: int | None = None

    def __call__(
        self,
        frames: Frames,
        topology: Topology,
        memory: Memory,
        at: int,
        parameters: Parameters,
        history: History,
    ) -> Evaluation:
        """Note, and find nothing."""
        assert not history
        if at == self.fails_at:
            raise ZeroDivisionError
        content = repr((frames.grid, topology, parameters)).encode()
        for name, frame in sorted(frames.by_signal.items()):
            content += repr((name, frame.labels)).encode() + frame.values.tobytes()
        self.seen.append((at, hashlib.sha256(content).hexdigest()))
        return Evaluation(at=at, findings=(), snapshot=Snapshot(at=datetime.fromtimestamp(at, UTC)), memory=memory)


def pod(name: str) -> Labels:
    """The identity of a pod's series."""
    return (("namespace", "n"), ("pod", name))


def between(start: int, end: int) -> Reading:
    """A counter that exists for a while."""
    return lambda at: at / 3 if start <= at < end else np.nan


def source() -> FakeSource:
    """Pods that come and go over some hours."""
    rows: Mapping[Labels, Reading] = {
        pod("always"): between(0, 10**9),
        pod("early"): between(0, 1700),
        pod("late"): between(1900, 10**9),
        pod("flapping"): lambda at: np.nan if (at // 400) % 2 else float(at),
    }
    return FakeSource(
        {"ttft_count": rows, "pod_info": dict.fromkeys(rows, lambda _: 1.0)},
        {"ttft_count": STEP, "pod_info": 60},
        held=(600.0, 9000.0),
    )


def inquiry(judge: Witness, of: FakeSource | None = None, chunk_steps: int = 500) -> Inquiry:
    """An inquiry into the fake source."""
    return Inquiry(
        source=of or source(),
        signals=[signal("ttft_count"), signal("pod_info", kind=Kind.INFO, aspect=Aspect.TOPOLOGY)],
        parameters=PARAMETERS,
        tiers={},
        chunk_steps=chunk_steps,
        judge=judge,
    )


def all_at_once(start: int = 1000, end: int = 2500) -> list[Seen]:
    """What a single walk over the span sees."""
    witness = Witness()
    list(inquiry(witness).steps(start, end))
    return witness.seen


@settings(max_examples=20)
@given(stops=st.lists(st.integers(900, 2500), max_size=8), chunk_steps=st.integers(1, 70))
def test_walk_in_pieces_sees_what_one_walk_sees(stops: list[int], chunk_steps: int) -> None:
    """Live, caught up in bursts or all at once: every step is judged once, on identical windows."""
    witness = Witness()
    walk = Walk(inquiry(witness, chunk_steps=chunk_steps), STEP, 1000)
    for end in [*stops, 2500]:
        list(walk.advance(end))
    assert witness.seen == all_at_once()


@settings(max_examples=15)
@given(restarts=st.lists(st.integers(1000, 2500), max_size=4))
def test_walk_resumed_anew_sees_what_one_walk_sees(restarts: list[int]) -> None:
    """A new walk after the last judged step needs nothing of the old one but its memory."""
    witness = Witness()
    start = 1000
    for end in [*sorted(restarts), 2500]:
        walk = Walk(inquiry(witness), STEP, start)
        list(walk.advance(end))
        start = walk.next_at
    assert witness.seen == all_at_once()


def test_steps_are_multiples_of_the_step() -> None:
    """The grid depends on nothing but t."""
    assert [at for at, _ in all_at_once(1001, 1050)] == [1005, 1020, 1035, 1050]


def test_only_new_columns_are_asked_for() -> None:
    """After the first window a live walk asks for the new step alone."""
    asked = source()
    walk = Walk(inquiry(Witness(), asked), STEP, 3000)
    list(walk.advance(3000))
    before = len(asked.asked)
    list(walk.advance(3015))
    list(walk.advance(3029))
    assert asked.asked[before:] == [Grid(3015, STEP, 1)]


def test_window_reaches_so_many_steps_back_and_no_less_than_the_minimum() -> None:
    """Steps count where they are long, time where they are short."""
    made = replace(inquiry(Witness()), parameters=calibrated(window_steps=20, window_seconds_minimum=601))
    assert made.width(60) == 21
    assert made.width(15) == 42


def test_step_is_the_slowest_required_reading() -> None:
    """Infos and optional signals, scraped slowly, do not slow judgement down."""
    made = replace(
        inquiry(Witness()),
        signals=[
            signal("fast"),
            signal("slow"),
            signal("slower", required=False),
            signal("slowest", kind=Kind.INFO),
        ],
    )
    assert made.step({"fast": 10, "slow": 30, "slower": 60, "slowest": 120}) == 30
    assert made.step({"fast": 10, "slowest": 120}) == 10
    assert made.step({"slower": 60}) is None
    assert replace(made, step_seconds=5).step({"fast": 10}) == 5


def test_step_is_settled_once_all_readings_are_seen() -> None:
    """A daemon that starts before the first inference pod looks again."""
    made = replace(inquiry(Witness()), signals=[signal("ttft"), signal("disk", aspect=Aspect.IO)])
    assert not made.is_settled({"disk": 15})
    assert not made.is_settled({"ttft": 15})
    assert made.is_settled({"disk": 15, "ttft": 15})
    assert replace(made, step_seconds=5).is_settled({})


def test_span_without_required_signals_is_an_error_that_names_source_and_span() -> None:
    """Nothing is judged on nothing."""
    with pytest.raises(SourceError, match=r"the fake source has none .* 1970-01-02T00:00:00Z and 1970-01-02T00:10:00Z"):
        list(inquiry(Witness()).steps(86400, 87000))


def test_walk_goes_on_after_the_source_failed() -> None:
    """A failed fetch takes nothing in and leaves nothing out."""
    failing = source()
    witness = Witness()
    walk = Walk(inquiry(witness, failing), STEP, 1000)
    list(walk.advance(1200))
    failing.fails = [SourceError("down", retriable=True)]
    with pytest.raises(SourceError):
        list(walk.advance(2500))
    list(walk.advance(2500))
    assert witness.seen == all_at_once()


def test_refused_answer_is_asked_for_again() -> None:
    """Whoever walks may refuse half an answer; the next one takes its place."""
    failing = source()
    failing.fails = [BlindSpot("ttft_count", "timed out")]

    def refuse(frames: Frames) -> None:
        if frames.quality:
            raise SourceError("half an answer", retriable=True)

    witness = Witness()
    walk = Walk(inquiry(witness, failing), STEP, 1000)
    with pytest.raises(SourceError):
        list(walk.advance(2500, refuse))
    list(walk.advance(2500, refuse))
    assert witness.seen == all_at_once()


def test_step_that_cannot_be_judged_is_left_out() -> None:
    """A fault in the judgement of one step does not stop the walk: the next ones see their whole windows."""
    witness = Witness(fails_at=2010)
    walk = Walk(inquiry(witness), STEP, 1000)
    with pytest.raises(ZeroDivisionError):
        list(walk.advance(2500))
    list(walk.advance(2500))
    assert witness.seen == [seen for seen in all_at_once() if seen[0] != 2010]


def test_walk_left_in_the_middle_goes_on_with_the_next_step() -> None:
    """A consumer that stops taking steps loses none."""
    witness = Witness()
    walk = Walk(inquiry(witness), STEP, 1000)
    for count, _ in enumerate(walk.advance(2500)):
        if count == 5:
            break
    list(walk.advance(2500))
    assert witness.seen == all_at_once()


def test_progress_counts_judged_steps() -> None:
    """From one to all of them."""
    told: list[tuple[int, int]] = []
    list(inquiry(Witness()).steps(1000, 1060, progress=lambda done, total: told.append((done, total))))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_recorded_span_has_all_signals_on_the_grid_of_a_walk() -> None:
    """A recording of a span answers what the source answers for it."""
    frames = inquiry(Witness()).record(1001, 2000)
    assert frames.grid == Grid.covering(1001, 2000, STEP)
    assert set(frames.by_signal) == {"ttft_count", "pod_info"}
