"""The table of records and of those that went."""

from correlator.kubernetes import table as module
from correlator.kubernetes.table import Table


def test_what_a_list_does_not_have_went() -> None:
    """A list taken anew: what is not in it is remembered with the moment at which that was noticed."""
    table: Table[str] = Table(100)
    table.replace({"a": "1", "b": "2"}, 10)
    table.replace({"b": "2", "c": "3"}, 20)
    assert sorted(table.held()[0]) == ["2", "3"]
    assert table.held()[1] == [("1", 20)]


def test_what_comes_back_is_not_gone() -> None:
    """Deleted and made again under the same uid: it is there."""
    table: Table[str] = Table(100)
    table.put("a", "1")
    table.drop("a", 10)
    table.put("a", "2")
    assert table.held() == (["2"], [])
    table.replace({}, 20)
    table.replace({"a": "2"}, 30)
    assert table.held() == (["2"], [])


def test_only_changes_make_a_new_version() -> None:
    """The same again, and the deletion of what is not known, change nothing."""
    table: Table[str] = Table(100)
    table.put("a", "1")
    version = table.version
    table.put("a", "1")
    table.drop("b", 10)
    table.replace({"a": table.keep("a", "1")}, 10)
    assert table.version == version


def test_equal_records_are_held_once() -> None:
    """A list taken anew needs no room for what did not change."""
    table: Table[tuple[str, ...]] = Table(100)
    first = tuple("xyz")
    table.put("a", first)
    assert table.keep("a", tuple("xyz")) is first
    assert table.keep("a", ("x", "other")) == ("x", "other")


def test_the_gone_are_forgotten_in_time() -> None:
    """After so many seconds, and the oldest first where there are too many."""
    table: Table[int] = Table(100)
    for uid in range(3):
        table.put(str(uid), uid)
        table.drop(str(uid), 10.0 * uid)
    table.put("x", 9)
    table.drop("x", 115.0)
    assert [record for record, _ in table.held()[1]] == [2, 9]
    table = Table(1e9)
    for uid in range(module.MOST_GONE + 5):
        table.put(str(uid), uid)
        table.drop(str(uid), float(uid))
    assert len(table.held()[1]) == module.MOST_GONE
    assert table.held()[1][0] == (5, 5.0)
