"""What Alertmanagers post: on disk before it is answered, whatever else happens."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from correlator.alerting.payload import PayloadError
from correlator.daemon import alert_intake
from correlator.daemon.alert_intake import AlertIntake
from correlator.incidents.errors import StoreError, StoreFullError
from correlator.incidents.inbox import Arrival, Inbox, Progress
from tests.unit.incidents.findings import swift_folder

PATIENCE = 30.0


def body(pod: str, group: str = "") -> bytes:
    """What is posted of a pod."""
    return b'{"groupKey": "%s", "alerts": [{"labels": {"pod": "%s"}}]}' % ((group or pod).encode(), pod.encode())


@dataclass
class Slowly:
    """An inbox that keeps nothing until it is let, and fails as it is told."""

    inbox: Inbox
    let: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    batches: list[int] = field(default_factory=list)
    fails: Callable[[list[Arrival]], Exception | None] = lambda _: None

    def keep(self, arrivals: Iterable[Arrival], doubles_within: timedelta) -> tuple[bool, ...]:
        """Once it is let."""
        told = list(arrivals)
        self.begun.set()
        assert self.let.wait(PATIENCE)
        self.batches.append(len(told))
        if failure := self.fails(told):
            raise failure
        return self.inbox.keep(told, doubles_within)

    def close(self) -> None:
        """Nothing: others look at it still."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """An empty one."""
    with swift_folder() as folder:
        made = Inbox.open(Path(folder) / "store.db", "c")
        yield made
        made.close()


@contextmanager
def taking(opening: Callable[[], Slowly], kept: list[None] | None = None) -> Iterator[AlertIntake]:
    """One that runs."""
    noted = [] if kept is None else kept
    intake = AlertIntake(opening, timedelta(minutes=5), lambda: noted.append(None))  # type: ignore[arg-type]
    intake.start()
    yield intake
    intake.stop()


def test_what_comes_together_is_kept_together_before_it_is_answered(inbox: Inbox) -> None:
    """Nobody is answered before the disk has it; those who wait share a transaction, and doubles are told so."""
    slowly, kept = Slowly(inbox), list[None]()
    with taking(lambda: slowly, kept) as intake:
        _, first = intake.post(body("a"))
        assert slowly.begun.wait(PATIENCE)
        others = [intake.post(body(each))[1] for each in ("b", "c", "b")]
        assert not any(each.done() for each in (first, *others))
        slowly.let.set()
        assert first.result(PATIENCE)
        assert [each.result(PATIENCE) for each in others] == [True, True, False]
        assert slowly.batches == [1, 3]
        assert len(kept) == 2
        assert dict(intake.status().outcomes) == {"kept": 3, "double": 1, "refused": 0, "unstored": 0}
    assert len(inbox.pending(Progress.WAITING, 0, 9)) == 3


def test_a_store_that_fails_fails_those_who_wait_and_no_others(inbox: Inbox) -> None:
    """They come again; once there is room, they are kept."""
    full = StoreFullError("store.db", "disk full", "free some space")
    slowly = Slowly(inbox, fails=lambda _: full)
    slowly.let.set()
    with taking(lambda: slowly) as intake:
        with pytest.raises(StoreFullError):
            intake.post(body("a"))[1].result(PATIENCE)
        assert "disk full" in intake.status().problem
        slowly.fails = lambda _: None
        assert intake.post(body("a"))[1].result(PATIENCE)
        assert intake.status().problem == ""
        assert dict(intake.status().outcomes)["unstored"] == 1


def test_one_that_cannot_be_kept_takes_no_other_with_it(inbox: Inbox) -> None:
    """Each of its transaction is tried on its own."""
    slowly = Slowly(inbox)
    with taking(lambda: slowly) as intake:
        _, first = intake.post(body("a"))
        assert slowly.begun.wait(PATIENCE)
        slowly.fails = lambda told: (
            StoreError("store.db", "odd", "") if any(b"bad" in each.body for each in told) else None
        )
        futures = {each: intake.post(body(each))[1] for each in ("b", "bad", "c")}
        slowly.let.set()
        assert [each.result(PATIENCE) for each in (first, futures["b"], futures["c"])] == [True] * 3
        with pytest.raises(StoreError, match="odd"):
            futures["bad"].result(PATIENCE)


def test_a_store_that_cannot_be_opened_yet_is_tried_again(inbox: Inbox) -> None:
    """The thread lives on."""
    slowly = Slowly(inbox)
    slowly.let.set()
    failures: list[Exception] = [ZeroDivisionError("of all things"), StoreError("store.db", "no such folder", "")]

    def opening() -> Slowly:
        if failures:
            raise failures.pop()
        return slowly

    with taking(opening) as intake:
        for expected in (StoreError, ZeroDivisionError):
            with pytest.raises(expected):
                intake.post(body("a"))[1].result(PATIENCE)
        assert intake.post(body("a"))[1].result(PATIENCE)


def test_what_is_no_webhook_is_counted(inbox: Inbox) -> None:
    """And goes nowhere."""
    with taking(lambda: Slowly(inbox)) as intake:
        with pytest.raises(PayloadError):
            intake.post(b"[]")
        assert dict(intake.status().outcomes)["refused"] == 1


def test_as_much_waits_as_may_wait(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """More is refused at once, and comes again."""
    monkeypatch.setattr(alert_intake, "MOST_WAITING", 2)
    slowly = Slowly(inbox)
    with taking(lambda: slowly) as intake:
        intake.post(body("a"))
        assert slowly.begun.wait(PATIENCE)
        waiting = [intake.post(body(each))[1] for each in ("b", "c")]
        with pytest.raises(queue.Full):
            intake.post(body("d"))
        assert dict(intake.status().outcomes)["unstored"] == 1
        slowly.let.set()
        assert all(each.result(PATIENCE) for each in waiting)


def test_who_waits_no_longer_stops_nothing(inbox: Inbox) -> None:
    """A request that was given up is kept with the others."""
    slowly = Slowly(inbox)
    with taking(lambda: slowly) as intake:
        _, first = intake.post(body("a"))
        assert slowly.begun.wait(PATIENCE)
        _, second = intake.post(body("b"))
        assert not first.cancel()
        assert not second.cancel()
        slowly.let.set()
        assert first.result(PATIENCE)
        assert second.result(PATIENCE)


def test_what_waits_is_kept_at_the_end(inbox: Inbox) -> None:
    """A stop loses nothing that was taken."""
    slowly = Slowly(inbox)
    with taking(lambda: slowly) as intake:
        intake.post(body("a"))
        assert slowly.begun.wait(PATIENCE)
        waiting = [intake.post(body(each))[1] for each in ("b", "c")]
        slowly.let.set()
    assert all(each.result(PATIENCE) for each in waiting)
