"""The outbox: what waits, what is due, how far was heard."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from correlator.incidents.outbox import Kept, Number, Outbox, Postponed
from tests.unit.incidents.findings import moment


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty one."""
    made = Outbox.open(tmp_path / "store.db", "c", "loki")
    yield made
    made.close()


def kept(sequence: int, group: str = "g", part: int = 0) -> Kept:
    """A delivery."""
    return Kept(number=Number(sequence, part), group=group, at=moment(sequence), body=b"\x00body")


def numbers(outbox: Outbox, at: int = 0) -> list[tuple[int, int]]:
    """What is due at a moment."""
    return [(each.number.sequence, each.number.part) for each in outbox.due(moment(at), 100)]


def test_cursor_and_deliveries_outlive_the_process(tmp_path: Path) -> None:
    """They are read as they were written."""
    first = Outbox.open(tmp_path / "store.db", "c", "loki")
    assert first.cursor() is None
    first.take_in(7, [kept(5), kept(7)])
    first.take_in(9, [])
    first.close()
    second = Outbox.open(tmp_path / "store.db", "c", "loki")
    assert (second.cursor(), second.waiting()) == (9, 2)
    assert second.due(moment(0), 10) == (kept(5), kept(7))
    second.close()


def test_due_are_the_oldest(outbox: Outbox) -> None:
    """In the order of the log, parts in theirs, no more than asked for."""
    outbox.take_in(3, [kept(3), kept(1, part=1), kept(1), kept(2, "h")])
    assert numbers(outbox) == [(1, 0), (1, 1), (2, 0), (3, 0)]
    assert [each.number.sequence for each in outbox.due(moment(0), 2)] == [1, 1]


def test_what_waits_holds_up_its_group_until_its_time(outbox: Outbox) -> None:
    """Later ones of the group wait with it, earlier ones and other groups do not; the attempt is counted."""
    outbox.take_in(4, [kept(1), kept(2), kept(3), kept(4, "h")])
    outbox.settle([], Postponed(Number(2), moment(60)))
    assert numbers(outbox, 59) == [(1, 0), (4, 0)]
    assert numbers(outbox, 60) == [(1, 0), (2, 0), (3, 0), (4, 0)]
    assert [each.attempts for each in outbox.due(moment(60), 10)] == [0, 1, 0, 0]


def test_what_is_settled_is_forgotten(outbox: Outbox) -> None:
    """Together with what failed, in one transaction; what is not known changes nothing."""
    outbox.take_in(3, [kept(1), kept(2), kept(2, part=1)])
    outbox.settle([Number(1), Number(2, 1), Number(99)], Postponed(Number(2), moment(0) - timedelta(seconds=1)))
    assert numbers(outbox) == [(2, 0)]
    assert outbox.waiting() == 1


def test_sinks_and_clusters_are_apart(outbox: Outbox, tmp_path: Path) -> None:
    """Each has its cursor, its deliveries, and its own order."""
    outbox.take_in(1, [kept(1)])
    for cluster, sink in (("c", "grafana"), ("d", "loki")):
        other = Outbox.open(tmp_path / "store.db", cluster, sink)
        assert (other.cursor(), other.waiting()) == (None, 0)
        other.take_in(5, [kept(1), kept(5)])
        other.settle([Number(1)], Postponed(Number(5), moment(1000)))
        other.close()
    assert (outbox.cursor(), numbers(outbox)) == (1, [(1, 0)])
