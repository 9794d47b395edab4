"""Several sources as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from correlator.model.frame import BlindSpot, Labels
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal
from correlator.model.source import SourceError
from correlator.sources.answer import Answer
from correlator.sources.probing import SignalState
from correlator.sources.servers import UNKNOWN, Server
from correlator.sources.several import Member, SeveralSources
from tests.fakes import FakeSource, Reading, signal

GRID = Grid(1000, 10, 3)
DISK = replace(signal("disk", aspect=Aspect.UTILIZATION), exporter="node_exporter")
TTFT = replace(signal("ttft"), exporter="vLLM")
INFO = replace(signal("info", kind=Kind.INFO), exporter="kube-state-metrics")
SIGNALS = (DISK, TTFT, INFO)


@dataclass
class FakeServer(FakeSource):
    """A fake source that can be asked about itself."""

    title: str = "fake"
    is_down: bool = False
    held: tuple[float, float] = (0.0, 1e10)
    asked_for: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """An address."""
        return f"http://{self.title}"

    def fetch(self, signals: Sequence[Signal], grid: Grid, progress=None):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201 - as the fake's
        """Nothing while it is down."""
        self.asked_for += [each.name for each in signals]
        if self.is_down:
            raise SourceError(f"{self.name}: no connection", retriable=True)
        return super().fetch(signals, grid, progress)

    def intervals(self, signals: Sequence[Signal], at: float) -> Mapping[str, int]:
        """Nothing while it is down."""
        if self.is_down:
            raise SourceError(f"{self.name}: no connection", retriable=True)
        return super().intervals(signals, at)

    def require_answer(self) -> None:
        """Fails while it is down."""
        self.intervals((), 0.0)

    def server(self) -> Server:
        """Unknown."""
        return UNKNOWN

    def clock_difference_seconds(self) -> float:
        """None."""
        return 0.0

    def probe(self, signals: Sequence[Signal], at: float) -> tuple[SignalState, ...]:
        """What there is."""
        intervals = self.intervals(signals, at)
        return tuple(
            SignalState(signal=each.name, series=len(self.series.get(each.name, {})), interval=intervals.get(each.name))
            for each in signals
        )

    def ask_now(self, query: str, at: float) -> Answer:
        """Not asked here."""
        raise NotImplementedError(query, at)


def rows(*pods: str, value: float = 1.0) -> dict[Labels, Reading]:
    """A series for each pod."""
    return {(("pod", pod),): lambda _: value for pod in pods}


@pytest.fixture
def nodes() -> FakeServer:
    """Knows disks and pods."""
    series = {"disk": rows("n1"), "info": rows("a", "b")}
    return FakeServer(series, {"disk": 15, "info": 30}, title="nodes", held=(500.0, 1e10))


@pytest.fixture
def inference() -> FakeServer:
    """Knows first tokens, and the pods as well."""
    series = {"ttft": rows("a"), "disk": rows("n1", "n2", value=9.0), "info": rows("a")}
    return FakeServer(series, {"ttft": 5, "disk": 60, "info": 30}, title="inference", held=(100.0, 1e10))


@pytest.fixture
def divided(nodes: FakeServer, inference: FakeServer) -> SeveralSources:
    """Each is asked for what it is there for."""
    claimed = frozenset({"node_exporter", "kube-state-metrics"})
    return SeveralSources([Member("nodes", nodes, claimed), Member("inference", inference)])


def test_each_is_asked_for_what_it_is_there_for(
    divided: SeveralSources, nodes: FakeServer, inference: FakeServer
) -> None:
    """A claimed exporter is asked of nobody else; the rest of whoever claims nothing."""
    frames = divided.fetch(SIGNALS, GRID)
    assert (nodes.asked_for, inference.asked_for) == (["disk", "info"], ["ttft"])
    assert {name: len(frame.labels) for name, frame in frames.by_signal.items()} == {"disk": 1, "ttft": 1, "info": 2}
    assert all(frame.grid == GRID for frame in frames.by_signal.values())
    assert frames.quality == ()


def test_one_that_is_down_makes_blind_spots_of_its_own_signals(divided: SeveralSources, nodes: FakeServer) -> None:
    """The others' answers are taken, and what is missing says whose it is."""
    nodes.is_down = True
    frames = divided.fetch(SIGNALS, GRID)
    assert frames.get("ttft").labels == ((("pod", "a"),),)
    assert frames.get("disk").values.shape == (0, 3)
    assert frames.quality == tuple(
        BlindSpot(name, "failed: http://nodes: no connection (source nodes)") for name in ("disk", "info")
    )
    assert divided.intervals(SIGNALS, 1000.0) == {"ttft": 5}
    divided.require_answer()


def test_all_that_are_down_are_an_error(divided: SeveralSources, nodes: FakeServer, inference: FakeServer) -> None:
    """Each is named."""
    nodes.is_down = inference.is_down = True
    for ask in (
        lambda: divided.fetch(SIGNALS, GRID),
        lambda: divided.intervals(SIGNALS, 1000.0),
        lambda: divided.probe(SIGNALS, 1000.0),
        divided.require_answer,
    ):
        with pytest.raises(SourceError, match="http://nodes: no connection; http://inference: no connection") as caught:
            ask()
        assert caught.value.retriable


def test_rows_of_shards_are_joined(nodes: FakeServer, inference: FakeServer) -> None:
    """Two that are asked for the same hold different nodes; of a series in both the first one's is kept, and told."""
    both = SeveralSources([Member("nodes", nodes), Member("inference", inference)])
    frames = both.fetch(SIGNALS, GRID)
    disk = frames.get("disk")
    assert disk.labels == ((("pod", "n1"),), (("pod", "n2"),))
    assert np.array_equal(disk.values[:, 0], [1.0, 9.0])
    assert [(spot.signal, spot.reason.partition(":")[0]) for spot in frames.quality] == [("disk", "duplicate")]
    assert frames.intervals["disk"] == 60


def test_the_span_is_what_all_hold(divided: SeveralSources) -> None:
    """Where one holds nothing there is no chain to judge."""
    assert divided.span(2000.0) == (500.0, 2000.0)


def test_progress_runs_to_its_end(divided: SeveralSources) -> None:
    """The shares of all add up."""
    told: list[tuple[int, int]] = []
    divided.fetch(SIGNALS, GRID, lambda done, total: told.append((done, total)))
    assert told[-1] == (3, 3)


def test_probing_tells_of_all(divided: SeveralSources, nodes: FakeServer) -> None:
    """Series and intervals of whoever is asked; the error of one that is down stands with its signals."""
    assert [state.series for state in divided.probe(SIGNALS, 1000.0)] == [1, 1, 2]
    nodes.is_down = True
    disk, ttft, _ = divided.probe(SIGNALS, 1000.0)
    assert (disk.series, "no connection" in disk.error) == (0, True)
    assert (ttft.series, ttft.error) == (1, "")


def test_the_name_is_for_people(divided: SeveralSources) -> None:
    """All of them, by name and address."""
    assert divided.name == "nodes (http://nodes), inference (http://inference)"
