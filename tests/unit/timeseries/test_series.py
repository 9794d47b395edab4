"""What is kept is what is read: against a naive oracle, over restarts, with damage."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.model.series import Matcher, MatchKind
from correlator.timeseries.exported import Exported, Family
from correlator.timeseries.reader import KeptSeries
from tests.unit.incidents.findings import swift_folder
from tests.unit.timeseries.cycles import (
    BEGIN,
    DEPTH,
    HOUR,
    TTFT,
    Naive,
    Writer,
    as_dict,
    depth,
    named,
    same,
    selected,
    steps,
    writer,
)

NAMES = st.sampled_from(("a", "b", "ab", "", 'x"y\n', "日本"))
VALUES = st.floats(0.001, 10.0) | st.integers(0, 5).map(float)


def family(names: tuple[str, ...], *labels: st.SearchStrategy[str]) -> st.SearchStrategy[Family]:
    """Any series of a metric."""
    return st.dictionaries(st.tuples(*labels), VALUES, max_size=6).map(partial(Family, names))


EXPORTED = st.fixed_dictionaries(
    {},
    optional={
        DEPTH: family(("volume", "node"), NAMES, NAMES),
        TTFT: family(("namespace", "pod", "statistic"), NAMES, NAMES, st.sampled_from(("p50", "p95"))),
    },
)
MATCHERS = st.builds(
    Matcher,
    st.sampled_from(("__name__", "volume", "node", "pod", "statistic", "nothing")),
    st.sampled_from(MatchKind),
    st.sampled_from(("", "a", "a.*", ".+", "p95|p50", "correlator_.*ttft.*", DEPTH)),
)
CYCLE = st.tuples(st.sampled_from((15, 30, 900, 3600, 5 * 3600)), EXPORTED, st.sampled_from(("", "restart", "pack")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store is."""
    return tmp_path / "store.db"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """For stores of many examples."""
    with swift_folder() as name:
        yield Path(name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cycles=st.lists(CYCLE, min_size=1, max_size=14), asked=st.data())
def test_it_reads_what_a_naive_reader_reads(
    folder: Path, cycles: list[tuple[int, Exported, str]], asked: st.DataObject
) -> None:
    """Whatever was exported, however often it was packed or begun anew, and whatever is asked for."""
    path, naive, at = folder / "store.db", Naive(), BEGIN
    path.unlink(missing_ok=True)
    with writer(path) as first, KeptSeries.open(path, "") as reader:
        kept = first
        for gap, exported, then in cycles:
            at += gap
            kept.write(at, exported)
            naive.write(at, exported)
            if then == "restart":
                kept = Writer(first.database)
            if then == "pack":
                kept.keeper.pack(at)
            matchers = asked.draw(st.lists(MATCHERS, max_size=3))
            start, end = sorted(asked.draw(st.tuples(*[st.integers(BEGIN, at)] * 2)))
            cycles_ms, expected = naive.select(matchers, start, end)
            found = reader.select(matchers, start * 1000, end * 1000)
            assert found.times.tolist() == cycles_ms
            assert same(as_dict(found), expected)
            labels = reader.label_sets(matchers, start * 1000, end * 1000)
            assert {frozenset(each.items()) for each in labels} == expected.keys()
            assert len(labels) == len(expected)


def test_a_cycle_whose_transaction_fails_leaves_nothing(path: Path) -> None:
    """What is rolled back is not there, and its series are named by the cycle that is committed."""
    with writer(path) as kept:
        kept.write(BEGIN, depth(a=1.0))
        with kept.database.write_or_undo() as connection:
            kept.keeper.append(connection, BEGIN + 15, depth(a=2.0, b=3.0))
        kept.write(BEGIN + 15, depth(a=2.5, b=3.5))
        kept.write(BEGIN + 30, depth(b=4.0))
    found = as_dict(selected(path, named(DEPTH)))
    assert found[labels_of("a")][:2] == [1.0, 2.5]
    assert found[labels_of("b")][1:] == [3.5, 4.0]


def labels_of(volume: str) -> frozenset[tuple[str, str]]:
    """Of one queue depth."""
    return frozenset({"__name__": DEPTH, "volume": volume, "node": "n1"}.items())


def test_the_ends_of_a_span_belong_to_it(path: Path) -> None:
    """To the millisecond."""
    with writer(path) as kept:
        for step in steps(4):
            kept.write(step, depth(a=1.0))
    with KeptSeries.open(path, "") as series:
        assert series.select([], BEGIN * 1000, (BEGIN + 30) * 1000).times.tolist() == [
            BEGIN * 1000, (BEGIN + 15) * 1000, (BEGIN + 30) * 1000,
        ]  # fmt: skip
        assert series.select([], BEGIN * 1000 + 1, (BEGIN + 30) * 1000 - 1).times.tolist() == [(BEGIN + 15) * 1000]
        assert series.select([], 0, 1).values.shape == (0, 0)


def test_clusters_do_not_see_each_other(path: Path) -> None:
    """A shared store keeps the series of each apart."""
    with writer(path, "blue") as blue, writer(path, "green") as green:
        blue.write(BEGIN, depth(a=1.0))
        green.write(BEGIN, depth(b=1.0))
        blue.keeper.pack(BEGIN + HOUR)
        green.keeper.pack(BEGIN + HOUR)
        assert blue.keeper.prune(BEGIN + 2 * HOUR, 10**9) == 1
    with KeptSeries.open(path, "green") as series:
        assert [each["volume"] for each in series.label_sets([], 0, 2**50)] == ["b"]
    assert not len(selected(path).times)


def test_a_reader_goes_on_while_hours_are_packed(path: Path) -> None:
    """What one reader sees before, while and after an hour is packed is the same."""
    with writer(path) as kept, KeptSeries.open(path, "") as series:
        for step in steps(300):
            kept.write(step, depth(a=float(step % 7), b=0.5))
        before = series.select([], 0, 2**50)
        with series._database.read() as connection:
            hours = list(series._hours(connection, 0, 2**33, lambda _: True))
            kept.keeper.pack(BEGIN + HOUR)
            assert np.concatenate([hour.read(np.arange(2)) for hour in hours], axis=1).shape == (2, 300)
        after = series.select([], 0, 2**50)
    assert np.array_equal(before.times, after.times)
    assert same(as_dict(before), as_dict(after))


@pytest.mark.parametrize("column", ["body", "times"])
def test_a_damaged_block_is_named_and_the_rest_is_read(
    path: Path, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One metric of one hour is missing; other hours and metrics are whole, and the log says which it was, once."""
    ttft = Family(("pod",), {("v",): 0.1})
    with writer(path) as kept:
        for step in steps(6, step=1200):
            kept.write(step, {**depth(a=1.0), TTFT: ttft})
        kept.keeper.pack(BEGIN + 2 * HOUR)
    damaged = f"UPDATE series_blocks SET {column} = x'0102' WHERE metric = ? AND start = ?"  # noqa: S608 - ours
    damage(path, damaged, DEPTH, BEGIN)
    with KeptSeries.open(path, "") as series:
        found = as_dict(series.select([], 0, 2**50))
        series.select([], 0, 2**50)
    nan = float("nan")
    assert same(
        found, {labels_of("a"): [nan] * 3 + [1.0] * 3, frozenset({("__name__", TTFT), ("pod", "v")}): [0.1] * 6}
    )
    said = capsys.readouterr().out
    assert said.count("a block of kept series is damaged") == 1
    assert DEPTH in said
    assert str(BEGIN) in said


def test_damaged_labels_lose_the_hours_that_have_them(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Values without names are worth nothing; other metrics are whole."""
    with writer(path) as kept:
        kept.write(BEGIN, {**depth(a=1.0), TTFT: Family(("pod",), {("v",): 0.1})})
        kept.keeper.pack(BEGIN + HOUR)
    damage(
        path,
        "UPDATE series_names SET body = x'00' WHERE id = (SELECT names_id FROM series_blocks WHERE metric = ?)",
        DEPTH,
    )
    assert [labels["__name__"] for labels in selected(path).labels] == [TTFT]
    assert "damaged" in capsys.readouterr().out


def test_damage_in_the_open_hour_stops_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Readers do without; the next life of the writer gives that metric's hour up, and everything goes on."""
    with writer(path) as kept:
        kept.write(BEGIN, {**depth(a=1.0), TTFT: Family(("pod",), {("v",): 0.1})})
        kept.write(BEGIN + 15, {**depth(a=1.0), TTFT: Family(("pod",), {("v",): 0.1})})
    damage(path, "UPDATE series_steps SET added = x'00' WHERE metric = ? AND step = ?", DEPTH, BEGIN)
    damage(path, "UPDATE series_steps SET readings = x'0000' WHERE metric = ? AND step = ?", TTFT, BEGIN + 15)
    assert [labels["__name__"] for labels in selected(path).labels] == [TTFT]
    with writer(path) as kept:
        kept.write(BEGIN + 30, depth(a=3.0))
        kept.keeper.pack(BEGIN + HOUR)
    nan = float("nan")
    assert same(
        as_dict(selected(path)),
        {labels_of("a"): [nan, nan, 3.0], frozenset({("__name__", TTFT), ("pod", "v")}): [0.1, nan, nan]},
    )
    assert "given up" in capsys.readouterr().out


def damage(path: Path, statement: str, *parameters: object) -> None:
    """Change the file behind everybody's back."""
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement, parameters).rowcount == 1
    connection.close()


def test_the_oldest_hours_go_by_age(path: Path) -> None:
    """An hour goes when it ended before the instant; its labels go with the last block that has them."""
    with writer(path) as kept:
        for hour, name in enumerate("abc"):
            kept.write(BEGIN + hour * HOUR, depth(**{name: 1.0}))
        kept.keeper.pack(BEGIN + 3 * HOUR)
        assert kept.keeper.prune(BEGIN + HOUR - 1, 10**9) == 0
        assert kept.keeper.prune(BEGIN + HOUR, 10**9) == 1
        assert kept.keeper.prune(BEGIN + HOUR, 10**9) == 0
    assert [labels["volume"] for labels in selected(path).labels] == ["b", "c"]
    assert count(path, "series_names") == 3  # of b, of c, and of the cycles


def test_the_oldest_hours_go_by_size(path: Path) -> None:
    """As many as it takes, the newest stay; never more than is allowed is kept."""
    with writer(path) as kept:
        for hour in range(8):
            kept.write(BEGIN + hour * HOUR, depth(a=1.0))
        kept.keeper.pack(BEGIN + 8 * HOUR)
        each = total_size(path) // 8
        assert kept.keeper.prune(0, 3 * each) == 5
        assert total_size(path) == 3 * each
    assert selected(path).times.tolist() == [(BEGIN + hour * HOUR) * 1000 for hour in (5, 6, 7)]


def count(path: Path, table: str) -> int:
    """Rows of a table."""
    connection = sqlite3.connect(path)
    found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - ours
    connection.close()
    return int(found)


def total_size(path: Path) -> int:
    """What blocks take."""
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT sum(size), sum(length(body) + length(times)) FROM series_blocks").fetchone()
    connection.close()
    assert found[0] == found[1]
    return int(found[0])
