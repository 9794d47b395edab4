"""The inbox: what is kept, what is a double, what is told of and remembered."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from correlator.incidents.inbox import NOBODY_TOLD, Arrival, Inbox, KeptNotification, Progress, Telling
from correlator.incidents.outbox import Outbox
from tests.unit.incidents.findings import moment

MINUTE = timedelta(minutes=1)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """An empty one."""
    made = Inbox.open(tmp_path / "store.db", "c")
    yield made
    made.close()


def arrival(group: str = "g", content: str = "firing", at: int = 0, body: bytes = b"{}") -> Arrival:
    """What came."""
    return Arrival(group=group, content=content, received_at=moment(at), fingerprints=[f"f-{group}"], body=body)


def waiting(inbox: Inbox) -> list[KeptNotification]:
    """What nobody was told of."""
    return list(inbox.pending(Progress.WAITING, 0, 100))


def telling(kept: KeptNotification, revision: int = 0, progress: Progress = Progress.DONE) -> Telling:
    """What is told of one."""
    return Telling(
        sequence=kept.sequence,
        group=kept.group,
        revision=revision,
        told="t",
        progress=progress,
        at=moment(0),
        body=b"body",
    )


def test_what_is_kept_outlives_the_process(tmp_path: Path) -> None:
    """As it came, in its order."""
    first = Inbox.open(tmp_path / "store.db", "c")
    assert first.keep([arrival("a", body=b"1"), arrival("b", body=b"2")], MINUTE) == (True, True)
    first.close()
    second = Inbox.open(tmp_path / "store.db", "c")
    assert [(each.group, each.body, each.revision) for each in waiting(second)] == [
        ("a", b"1", NOBODY_TOLD),
        ("b", b"2", NOBODY_TOLD),
    ]
    second.close()


def test_the_same_of_a_group_within_the_time_is_a_double(inbox: Inbox) -> None:
    """Whether it comes in the same transaction, or after something else of the group; another group's is none."""
    assert inbox.keep([arrival(), arrival(), arrival("h")], MINUTE) == (True, False, True)
    assert inbox.keep([arrival(content="resolved", at=10), arrival(at=60)], MINUTE) == (True, False)
    assert [(each.group, each.content) for each in waiting(inbox)] == [
        ("g", "firing"),
        ("h", "firing"),
        ("g", "resolved"),
    ]


def test_the_same_later_is_a_repetition(inbox: Inbox) -> None:
    """Each counts, so that each has a key of its own; the time runs from the last that was kept."""
    kept = [inbox.keep([arrival(at=each)], MINUTE)[0] for each in (0, 61, 100, 122)]
    assert kept == [True, True, False, True]
    assert [each.repeat for each in waiting(inbox)] == [0, 1, 2]


def test_telling_is_all_or_nothing_and_once(inbox: Inbox, tmp_path: Path) -> None:
    """Into each outbox, in the transaction that remembers it; nobody tells the same revision twice."""
    inbox.keep([arrival(), arrival("h")], MINUTE)
    one, other = waiting(inbox)
    inbox.tell([telling(one, progress=Progress.WATCHED), telling(other)], ["x", "y"])
    inbox.tell([telling(one), telling(other)], ["x", "y"])
    assert waiting(inbox) == []
    assert [each.sequence for each in inbox.pending(Progress.WATCHED, 0, 9)] == [one.sequence]
    inbox.tell([telling(one, 1, Progress.WATCHED)], ["x", "y"])
    for sink in ("x", "y"):
        outbox = Outbox.open(tmp_path / "store.db", "c", sink)
        due = outbox.due(moment(0), 9)
        assert [(each.number.sequence, each.number.part, each.group) for each in due] == [
            (one.sequence, 0, "g"),
            (one.sequence, 1, "g"),
            (other.sequence, 0, "h"),
        ]
        outbox.close()


def test_only_the_newest_of_a_group_stays_watched(inbox: Inbox) -> None:
    """News of what is over helps nobody."""
    inbox.keep([arrival(), arrival(content="more"), arrival("h")], MINUTE)
    first, second, other = waiting(inbox)
    inbox.tell([telling(each, progress=Progress.WATCHED) for each in (first, other, second)], [])
    watched = inbox.pending(Progress.WATCHED, 0, 9)
    assert [each.sequence for each in watched] == [second.sequence, other.sequence]
    inbox.finish([other.sequence])
    assert [each.sequence for each in inbox.pending(Progress.WATCHED, 0, 9)] == [second.sequence]


def test_an_alert_is_found_by_its_fingerprint(inbox: Inbox) -> None:
    """In the newest notification that speaks of it."""
    inbox.keep([arrival(body=b"1"), arrival(content="resolved", body=b"2"), arrival("h", body=b"3")], MINUTE)
    found = inbox.newest_of("f-g")
    assert found is not None
    assert found.body == b"2"
    assert inbox.newest_of("nobody") is None


def test_pruning_takes_what_is_old_and_done(inbox: Inbox) -> None:
    """What waits is kept, however old; fingerprints go with it."""
    inbox.keep([arrival("a"), arrival("b"), arrival("c", at=100)], MINUTE)
    done = [each for each in waiting(inbox) if each.group != "b"]
    inbox.tell([telling(each) for each in done], [])
    assert inbox.prune(moment(50)) == 1
    assert inbox.prune(moment(50)) == 0
    assert inbox.newest_of("f-a") is None
    assert [each.group for each in waiting(inbox)] == ["b"]
    assert inbox.newest_of("f-c") is not None


def test_clusters_are_apart(inbox: Inbox, tmp_path: Path) -> None:
    """Of one store that several use."""
    inbox.keep([arrival()], MINUTE)
    other = Inbox.open(tmp_path / "store.db", "d")
    assert (waiting(other), other.newest_of("f-g")) == ([], None)
    assert other.keep([arrival()], MINUTE) == (True,)
    other.close()
