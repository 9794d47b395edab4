"""What was not delivered, and another try."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from correlator.incidents.delivery_log import DeliveryLog, DeliveryState, Undelivered
from correlator.incidents.errors import InvalidQueryError
from correlator.incidents.outbox import Dead, Kept, Number, Outbox, Postponed
from tests.unit.incidents.findings import moment

DEAD, WAITING = DeliveryState.DEAD, DeliveryState.WAITING


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DeliveryLog]:
    """Three deliveries to each of two sinks; of `a` one is given up and one postponed."""
    for sink in ("a", "b"):
        outbox = Outbox.open(tmp_path / "store.db", "c", sink)
        outbox.take_in(3, [kept(number) for number in (1, 2, 3)])
        if sink == "a":
            outbox.settle([Number(2)], Postponed(Number(3), moment(90)), [Dead(Number(2), moment(60), "it said no")])
            assert (outbox.dead(), outbox.waiting()) == (1, 2)
        outbox.close()
    made = DeliveryLog.open(tmp_path / "store.db", "c")
    yield made
    made.close()


def kept(sequence: int) -> Kept:
    """A delivery."""
    return Kept(number=Number(sequence), group="g", at=moment(sequence), body=b"body")


def test_dead_letters_say_why(log: DeliveryLog) -> None:
    """When and why, and what they were about."""
    (dead,) = log.search(DEAD).items
    assert dead == Undelivered(
        id=dead.id,
        sink="a",
        state=DEAD,
        group="g",
        at=moment(2),
        attempts=0,
        died_at=moment(60),
        reason="it said no",
    )


def test_what_waits_says_until_when(log: DeliveryLog) -> None:
    """By sink, the oldest first; page by page."""
    told = log.search(WAITING)
    assert [(each.sink, each.at, each.attempts, each.due_at) for each in told.items] == [
        ("a", moment(1), 0, None),
        ("a", moment(3), 1, moment(90)),
        ("b", moment(1), 0, None),
        ("b", moment(2), 0, None),
        ("b", moment(3), 0, None),
    ]
    assert told.next_cursor is None
    assert [each.sink for each in log.search(WAITING, "b").items] == ["b"] * 3
    first = log.search(WAITING, limit=2)
    second = log.search(WAITING, limit=2, cursor=first.next_cursor)
    third = log.search(WAITING, limit=2, cursor=second.next_cursor)
    assert (*first.items, *second.items, *third.items) == told.items
    assert third.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "?", "bm8", "w6Q"])
def test_a_cursor_of_nobody_is_refused(log: DeliveryLog, cursor: str) -> None:
    """With the field's name."""
    with pytest.raises(InvalidQueryError) as refused:
        log.search(DEAD, cursor=cursor)
    assert refused.value.field == "cursor"


def test_a_dead_letter_is_tried_again(log: DeliveryLog, tmp_path: Path) -> None:
    """The same body, first in its group, with as much time as if it were new; and only once."""
    (dead,) = log.search(DEAD).items
    assert log.retry(dead.id, moment(1000))
    assert not log.retry(dead.id, moment(1000))
    assert log.search(DEAD).items == ()
    outbox = Outbox.open(tmp_path / "store.db", "c", "a")
    assert [(each.number.sequence, each.at, each.body) for each in outbox.due(moment(1000), 9)] == [
        (1, moment(1), b"body"),
        (2, moment(1000), b"body"),
        (3, moment(3), b"body"),
    ]
    outbox.settle([Number(2)], None, [Dead(Number(2), moment(1001), "it said no again")])
    assert [each.reason for each in log.search(DEAD).items] == ["it said no again"]
    outbox.close()


@pytest.mark.parametrize("identity", ["", "?", "bm8", "Yn4xfjA"])
def test_nothing_else_is_tried_again(log: DeliveryLog, identity: str) -> None:
    """What is no id, and what waits anyway."""
    assert not log.retry(identity, moment(0))
    assert len(log.search(WAITING).items) == 5


def test_dead_letters_are_kept_for_a_while(log: DeliveryLog, tmp_path: Path) -> None:
    """Of each sink by itself."""
    for sink in ("b", "a"):
        outbox = Outbox.open(tmp_path / "store.db", "c", sink)
        outbox.prune(moment(60))
        assert len(log.search(DEAD).items) == 1
        outbox.prune(moment(61))
        assert len(log.search(DEAD).items) == (1 if sink == "b" else 0)
        outbox.close()
