"""The engine between a source and a store that both may fail."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from correlator.analysis.evaluate import Evaluation
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.daemon.engine import PATIENCE_SECONDS, Engine, Timing
from correlator.incidents.book import Step, advance
from correlator.incidents.database import Database
from correlator.incidents.errors import StoreConflictError, StoreError, StoreFullError
from correlator.incidents.lifecycle import Event
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.inquiry import Inquiry
from correlator.model.finding import EndReason
from correlator.model.frame import BlindSpot, Frames
from correlator.model.history import History
from correlator.model.snapshot import Snapshot
from correlator.model.source import SourceError
from correlator.model.topology import Topology
from correlator.timeseries.reader import KeptSeries
from tests.calibrated import calibrated
from tests.factories import make_finding
from tests.fakes import FakeSource, signal

STEP = 15
NOW = 100_000.0
TIMING = Timing(settle=30.0, catch_up=600.0)


@dataclass
class FailingStore(Store):
    """A store on a real database whose commits fail as told, before or after they took effect."""

    opened: Database
    fails: list[StoreError | None] = field(default_factory=list)
    after: bool = False

    def __post_init__(self) -> None:
        """Be a store."""
        super().__init__(self.opened)

    def commit_step(
        self, step: Step, memory: bytes, beside: Callable[[Connection], None] | None = None
    ) -> tuple[Event, ...]:
        """As told."""
        failure = self.fails.pop(0) if self.fails else None
        if failure is not None and not self.after:
            raise failure
        events = super().commit_step(step, memory, beside)
        if failure is not None:
            raise failure
        return events


@dataclass
class Setting:
    """An engine with all that it needs, and a clock that the test turns."""

    path: Path
    now: float = NOW
    source: FakeSource = field(
        default_factory=lambda: FakeSource({"s": {(("pod", "a"),): float}}, {"s": STEP}, held=(0.0, 1e9))
    )
    timing: Timing = TIMING
    judged: list[int] = field(default_factory=list)

    def engine(self, store: Callable[[], Store] | None = None) -> Engine:
        """A new one, as after a start."""
        inquiry = Inquiry(
            source=self.source,
            signals=[signal("s")],
            parameters=calibrated(window_steps=20, window_seconds_minimum=60),
            tiers={},
            judge=self.judge,
        )
        return Engine(inquiry, store or (lambda: Store.open(self.path)), "c", self.timing, lambda: self.now)

    def judge(
        self, frames: Frames, topology: Topology, memory: Memory, at: int, parameters: Parameters, _: History
    ) -> Evaluation:
        """Note the step; find a regression at each multiple of four steps, over one step later."""
        del frames, topology, parameters
        self.judged.append(at)
        begun = at - at % (4 * STEP)
        ended = at - begun == STEP
        moment = datetime.fromtimestamp(begun, UTC)
        found = make_finding(
            at=datetime.fromtimestamp(at, UTC),
            started_at=moment,
            detected_at=moment,
            ended_at=datetime.fromtimestamp(at, UTC) if ended else None,
            end_reason=EndReason.RECOVERED if ended else None,
        )
        findings = (found,) if at - begun <= STEP else ()
        return Evaluation(at, findings, Snapshot(at=datetime.fromtimestamp(at, UTC)), memory)

    def detected(self) -> list[int]:
        """When the stored incidents were detected, oldest first."""
        with Incidents.open(self.path) as incidents:
            return sorted(int(incident.detected_at.timestamp()) for incident in incidents.every())


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    """An engine on an empty store."""
    return Setting(tmp_path / "store.db")


def run(engine: Engine) -> list[int]:
    """The steps of one cycle."""
    return [evaluation.at for evaluation in engine.cycle()]


def test_first_start_judges_the_newest_settled_steps_alone(setting: Setting) -> None:
    """A new daemon does not dig in the past: its first window shows what lasts."""
    assert run(setting.engine()) == [99960]


def test_each_step_is_judged_once_when_it_has_settled(setting: Setting) -> None:
    """However often the engine looks."""
    engine = setting.engine()
    run(engine)
    for now in (100_001.0, 100_005.0, 100_005.0, 100_036.0):
        setting.now = now
        run(engine)
    assert setting.judged == [99960, 99975, 99990, 100005]


def test_restart_goes_on_after_the_last_committed_step(setting: Setting) -> None:
    """Nothing is judged twice and nothing left out by a stop."""
    run(setting.engine())
    setting.now += 300
    run(setting.engine())
    assert setting.judged == list(range(99960, 100_266, STEP))


def test_catch_up_is_bounded(setting: Setting) -> None:
    """After a long stop only so much is judged as the setting allows."""
    run(setting.engine())
    setting.now += 10_000
    setting.judged.clear()
    run(setting.engine())
    assert setting.judged[0] == -(-(setting.now - 30 - 600) // STEP) * STEP
    assert setting.judged[-1] == 109965


def test_catch_up_begins_where_the_source_has_data(setting: Setting) -> None:
    """What Prometheus has deleted is not judged as silence."""
    run(setting.engine())
    setting.now += 500
    setting.judged.clear()
    setting.source.held = (100_300.0, 1e9)
    run(setting.engine())
    assert setting.judged[0] == 100_305


@pytest.mark.parametrize("after", [False, True])
def test_step_that_could_not_be_committed_is_committed_later(setting: Setting, after: bool) -> None:
    """A full disk, whether the commit took effect or not, neither loses nor doubles an incident."""
    full = StoreFullError("store", "full", "make room")
    store = FailingStore(Database.open(setting.path), [None, None, full, full], after=after)
    engine = setting.engine(lambda: store)
    run(engine)
    setting.now += 300
    for _ in range(2):
        with pytest.raises(StoreFullError):
            run(engine)
    run(engine)
    assert setting.judged == list(range(99960, 100_266, STEP))
    assert setting.detected() == list(range(99960, 100_266, 4 * STEP))


@pytest.mark.parametrize("after", [False, True])
def test_each_step_keeps_its_series_once(setting: Setting, after: bool) -> None:
    """Under its own time, over a restart, a packed hour, and commits that fail before or after they took effect."""
    full = StoreFullError("store", "full", "make room")
    setting.timing = Timing(settle=30.0, catch_up=6000.0)
    run(setting.engine())
    store = FailingStore(Database.open(setting.path), [None, full, full], after=after)
    engine = setting.engine(lambda: store)
    setting.now += 900
    for _ in range(2):
        with pytest.raises(StoreFullError):
            run(engine)
    run(engine)
    engine.tidy_series()
    setting.now += 150
    run(setting.engine())
    with KeptSeries.open(setting.path, "c") as series:
        everything = series.select([], 0, 2**50)
    assert everything.times.tolist() == [step * 1000 for step in setting.judged]
    names = [labels["__name__"] for labels in everything.labels]
    assert all(labels["cluster"] == "c" for labels in everything.labels)
    active = everything.values[names.index("correlator_incident_active")]
    opened = [step for step in setting.judged if step % (4 * STEP) == 0]
    assert everything.times[active == 1.0].tolist() == [step * 1000 for step in opened]
    (totals,) = (
        row
        for row, labels in enumerate(everything.labels)
        if (names[row], labels.get("verdict")) == ("correlator_incidents_total", "contention")
    )
    assert everything.values[totals].tolist() == [sum(at <= step for at in opened) for step in setting.judged]


def test_old_series_are_forgotten(setting: Setting) -> None:
    """By whole hours, once they are packed."""
    engine = setting.engine()
    run(engine)
    setting.now += 7200
    run(engine)
    engine.tidy_series()
    assert engine.prune_series(timedelta(hours=30), 10**9) == 0
    assert engine.prune_series(timedelta(hours=1), 10**9) == 1


def test_conflict_makes_it_resume_from_the_store(setting: Setting) -> None:
    """When somebody else moved the state on, the engine goes on from there."""
    engine = setting.engine()
    run(engine)
    with Store.open(setting.path) as other:
        resumed = other.resume("c")
        assert resumed is not None
        other.commit_step(advance(resumed.book, 99980, ()), Memory().encode())
    setting.now += 60
    with pytest.raises(StoreConflictError):
        list(engine.cycle())
    setting.judged.clear()
    run(engine)
    assert setting.judged == [99990, 100005, 100020]


def test_memory_that_cannot_be_read_closes_what_is_open(setting: Setting) -> None:
    """Nobody would ever close an incident that the engine has forgotten: it ends as gone, with the reason."""
    engine = setting.engine()
    setting.now = 99_960 + 30.0
    run(engine)
    with Store.open(setting.path) as store:
        resumed = store.resume("c")
        assert resumed is not None
        assert resumed.book.open_incidents()
        store.commit_step(advance(resumed.book, resumed.step + 1, ()), b"nonsense")
    setting.now += 30
    run(setting.engine())
    with Incidents.open(setting.path) as incidents:
        (incident,) = incidents.every()
    assert incident.end_reason is EndReason.GONE
    assert "memory_lost" in incident.reasons


def test_half_an_answer_is_asked_for_again_for_a_while(setting: Setting) -> None:
    """A signal that fails for a moment costs no step its data; one that fails for good is done without."""
    engine = setting.engine()
    run(engine)
    half = BlindSpot("s", "failed: timed out")
    setting.now += STEP
    setting.source.fails = [half]
    with pytest.raises(SourceError, match="answered a part: s failed: timed out"):
        run(engine)
    assert run(engine) == [99975]
    setting.source.fails = [half] * 9
    setting.now += STEP
    with pytest.raises(SourceError):
        run(engine)
    setting.now += PATIENCE_SECONDS
    assert run(engine)[0] == 99990
    setting.now += STEP
    assert run(engine), "what fails for good is not waited for again"


def test_source_without_signals_is_told(setting: Setting) -> None:
    """The message leads to the command that says more."""
    setting.source.interval_seconds = {}
    with pytest.raises(SourceError, match=r"none of the required signals.*correlator check"):
        run(setting.engine())


def test_steps_behind_counts_what_has_settled(setting: Setting) -> None:
    """As many as a cycle would judge now."""
    engine = setting.engine()
    run(engine)
    assert engine.steps_behind() == 0
    setting.now += 150
    assert engine.steps_behind() == 10
    assert len(run(engine)) == 10
