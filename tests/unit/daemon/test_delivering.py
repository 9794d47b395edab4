"""The threads that deliver: what ends them, and what does not."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from correlator.daemon.delivering import Deliveries, deliveries_of
from correlator.daemon.errors import CompositionError
from correlator.daemon.reading import LateIncidents
from correlator.delivery.courier import Courier
from correlator.incidents.errors import StoreUnavailableError
from correlator.incidents.outbox import Outbox
from correlator.settings import load_settings
from tests.unit.delivery.test_courier import Place, Recorder
from tests.unit.incidents.findings import finding, swift_folder


@dataclass
class Opening:
    """Opens an outbox, after some failures."""

    open: Callable[[], Outbox]
    failures: list[Exception] = field(default_factory=list)
    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> Outbox:
        """The outbox."""
        if self.failures:
            raise self.failures.pop(0)
        self.opened.set()
        return self.open()


@pytest.fixture
def place() -> Iterator[Place]:
    """A store."""
    with swift_folder() as folder:
        made = Place(Path(folder) / "store.db")
        yield made
        made.courier.close()
        made.incidents.close()
        made.store.close()


@contextmanager
def running(*couriers: Courier) -> Iterator[Deliveries]:
    """Their threads."""
    deliveries = Deliveries(couriers, pause_seconds=0.01)
    deliveries.start()
    try:
        yield deliveries
    finally:
        deliveries.stop()


@pytest.mark.parametrize(
    "failure", [StoreUnavailableError("store.db", "no such directory", "make it"), ZeroDivisionError("of all things")]
)
def test_failure_ends_no_thread(place: Place, failure: Exception) -> None:
    """A store that cannot be opened yet, or a mistake of ours: it goes on, and delivers what came meanwhile."""
    arrived = threading.Event()
    sink = Recorder(fails=lambda _: arrived.set())
    opening = Opening(lambda: place.outbox(sink.name), [failure, failure])
    place.tell(finding())
    with running(Courier(sink, place.incidents, opening, "c", lambda: place.now)) as deliveries:
        assert arrived.wait(30.0)
        assert [each.name for each in deliveries.status()] == ["recorder"]
    assert opening.failures == []
    assert sink.arrived == ["1 opened vllm-0"]


def test_sink_that_hangs_does_not_hold_up_the_end_or_another(place: Place) -> None:
    """Each has a thread of its own, and nobody waits long for one that waits."""
    hanging, released, arrived = threading.Event(), threading.Event(), threading.Event()

    def hang(_: bytes) -> None:
        hanging.set()
        released.wait(60.0)

    slow, other = Recorder(name="slow", fails=hang), Recorder(name="other", fails=lambda _: arrived.set())
    couriers = [
        Courier(sink, place.incidents, Opening(lambda sink=sink: place.outbox(sink.name)), "c", lambda: place.now)  # type: ignore[misc]
        for sink in (slow, other)
    ]
    for courier in couriers:
        courier.turn()
    place.tell(finding())
    with running(*couriers):
        assert hanging.wait(30.0)
        assert arrived.wait(30.0)
    assert not released.is_set()
    released.set()


def test_sinks_are_those_of_the_settings(tmp_path: Path) -> None:
    """None unless set; each by its address."""
    incidents = LateIncidents(tmp_path / "store.db")
    assert deliveries_of(load_settings(), incidents).status() == ()
    url = {"url": "http://127.0.0.1:1"}
    flags = {
        "sinks": {"loki": url, "grafana": url, "kubernetes_events": {"enabled": True}},
        "kubernetes": {"mode": "kubeconfig"},
    }
    names = [each.name for each in deliveries_of(load_settings(flags=flags), incidents).status()]
    assert names == ["loki", "grafana", "kubernetes_events"]


def test_events_need_a_cluster() -> None:
    """What is missing is said, with the setting that gives it."""
    flags = {"sinks": {"kubernetes_events": {"enabled": True}}, "kubernetes": {"mode": "off"}}
    with pytest.raises(CompositionError, match=r"sinks\.kubernetes_events\.enabled: .*kubernetes\.mode"):
        deliveries_of(load_settings(flags=flags), LateIncidents("nowhere"))
