"""Limits of a question, what is not served, how much is read for it. What answers say is compared with Prometheus."""

import numpy as np
import pytest

from correlator.model.series import SeriesMatrix
from correlator.promql import (
    BadQueryError,
    ExecutionError,
    Limits,
    QueryTimeoutError,
    TooMuchError,
    UnsupportedError,
    Vector,
    ask_instant,
    ask_range,
    parse_query,
    parse_selector,
)
from tests.kept import KeptSeries

DAY_MS = 86_400_000
BEGIN_MS = 1_700_000_000_000


def kept(count: int = 3, cycles: int = 5_760, step_ms: int = 15_000) -> KeptSeries:
    """Series whose values say which series and which cycle it is."""
    labels = [{"__name__": "x", "pod": f"p{row:04d}"} for row in range(count)]
    values = 1e6 * np.arange(count, dtype=np.float64)[:, None] + np.arange(cycles)[None, :]
    return KeptSeries(SeriesMatrix(labels, np.arange(cycles) * step_ms + BEGIN_MS, values))


def test_a_long_range_is_read_in_spans_and_put_together() -> None:
    """A day is asked for in several spans, and each step shows its own cycle."""
    reads = kept()
    answer = ask_range("x", reads, np.arange(BEGIN_MS, BEGIN_MS + DAY_MS, 60_000))
    assert len(reads.spans) > 1
    assert isinstance(answer.value, Vector)
    assert answer.value.present.all()
    np.testing.assert_array_equal(answer.value.values[2], 2e6 + np.arange(0, 5_760, 4))


def test_windows_of_a_long_range_have_all_their_readings() -> None:
    """Nothing is lost or counted twice where two spans meet."""
    steps = np.arange(BEGIN_MS + 600_000, BEGIN_MS + DAY_MS, 60_000)
    answer = ask_range("count_over_time(x[10m])", kept(), steps)
    assert isinstance(answer.value, Vector)
    assert set(answer.value.values.ravel()) == {41.0}


def test_too_much_is_refused_before_it_is_read() -> None:
    """After the first span it is known how many series there are."""
    reads = kept(count=50)
    with pytest.raises(TooMuchError, match="too many samples"):
        ask_range("x", reads, np.arange(BEGIN_MS, BEGIN_MS + DAY_MS, 60_000), limits=Limits(samples=10_000))
    assert len(reads.spans) == 1
    with pytest.raises(TooMuchError):
        ask_instant("avg_over_time(x[1d])", reads, BEGIN_MS + DAY_MS, limits=Limits(samples=100_000))
    assert max(end - start for start, end in reads.spans) < DAY_MS / 2


def test_selectors_share_the_limit() -> None:
    """An expression may hold them all at once."""
    steps, limits = np.arange(BEGIN_MS, BEGIN_MS + 6_000_000, 60_000), Limits(samples=700)
    ask_range("x + x", kept(), steps, limits=limits)
    with pytest.raises(TooMuchError):
        ask_range("x + (x + x)", kept(), steps, limits=limits)


def test_pairs_are_counted_before_they_are_made() -> None:
    """Series that took turns are no duplicates, and yet each is matched with each."""
    count = 60
    labels = [{"__name__": name, "turn": str(row)} for name in ("many", "one") for row in range(count)]
    values = np.vstack([np.ones((count, count)), np.where(np.eye(count, dtype=np.bool_), 1.0, np.nan)])
    reads = KeptSeries(SeriesMatrix(labels, np.arange(count) * 15_000 + BEGIN_MS, values))
    steps, query = np.arange(count) * 15_000 + BEGIN_MS, "many * on() group_left one"
    answer = ask_range(query, reads, steps)
    assert isinstance(answer.value, Vector)
    assert answer.value.present.sum() == count * count
    with pytest.raises(TooMuchError):
        ask_range(query, reads, steps, limits=Limits(samples=20_000))


@pytest.mark.parametrize(
    ("function", "expected"), [("last", 5_759.0), ("max", 5_759.0), ("min", 0.0), ("count", 5_760.0)]
)
def test_a_single_long_window_is_read_piece_by_piece(function: str, expected: float) -> None:
    """A table of what was said last within a month needs no month in memory."""
    reads = kept(count=50)
    answer = ask_instant(f"{function}_over_time(x[30d])", reads, BEGIN_MS + DAY_MS, limits=Limits(samples=10_000))
    assert isinstance(answer.value, Vector)
    assert answer.value.values[0, 0] == expected
    assert len(reads.spans) > 3


@pytest.mark.parametrize("query", ["x", "x[5m]"])
def test_an_answer_has_a_largest_size(query: str) -> None:
    """What may be looked at may be more than what may be sent."""
    limits = Limits(answered=2)
    with pytest.raises(TooMuchError):
        ask_instant(query, kept(), BEGIN_MS + DAY_MS // 2, limits=limits)
    ask_instant("sum(x)", kept(), BEGIN_MS + DAY_MS // 2, limits=limits)


def test_looks_at_windows_are_limited() -> None:
    """Each reading counts as often as a window holds it."""
    steps = np.arange(BEGIN_MS, BEGIN_MS + 3_600_000, 15_000)
    with pytest.raises(TooMuchError):
        ask_range("sum_over_time(x[1h])", kept(), steps, limits=Limits(looks=10_000))
    ask_range("count_over_time(x[1h])", kept(), steps, limits=Limits(looks=10_000))


def test_a_question_may_take_too_long() -> None:
    """The one who asks says when."""
    with pytest.raises(QueryTimeoutError):
        ask_instant("x", kept(), BEGIN_MS, is_late=lambda: True)


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("rate(x[5m])", "the function rate"),
        ("sum(rate(x[5m]))", "the function rate"),
        ("x + on() group_left abs(x)", "the function abs"),
        ("time()", "the function time"),
        ("stddev(x)", "the aggregation stddev"),
        ("bottomk(1, x)", "the aggregation bottomk"),
        ('count_values("v", x)', "the aggregation count_values"),
        ("x @ 5", "the modifier @"),
        ("avg_over_time(x[5m] @ end())", "the modifier @"),
        ("max_over_time(x[1h:1m])", "subqueries"),
        ("topk(scalar(x), x)", "the function scalar"),
        ('{__name__="x" or pod="y"}', "or between matchers"),
        ("-" * 200 + "x", "more than 100 expressions within each other"),
    ],
)
def test_what_is_not_served_says_so(query: str, what: str) -> None:
    """Before anything is read."""
    reads = kept()
    with pytest.raises(UnsupportedError, match=f"^unsupported: {what}$"):
        ask_instant(query, reads, BEGIN_MS)
    assert not reads.spans


NESTED = "(" * 50_000


@pytest.mark.parametrize(
    "query", [NESTED, "-" * 50_000 + "x", "x" + "+x" * 50_000, f"`\\`{NESTED}`", f'# "\n{NESTED}#"', f"'\n{NESTED}'"]
)
def test_deep_nesting_does_not_reach_the_parser(query: str) -> None:
    """It would overflow the stack of native code, and end the process."""
    with pytest.raises(BadQueryError, match="characters"):
        parse_query(query)


def test_long_texts_are_no_nesting() -> None:
    """A variable with thousands of pods makes a long expression, and a valid one."""
    pods = "|".join(f"vllm-{number}-(x)" for number in range(5_000))
    (_, matcher) = parse_selector(f'x{{pod=~"{pods}"}}')
    assert matcher.value == pods


def test_raw_texts_have_no_escapes() -> None:
    """What stands between backticks is meant as it stands."""
    (_, matcher) = parse_selector('x{pod=~`a\\d"\\\\`}')
    assert matcher.value == 'a\\d"\\\\'


def test_a_regular_expression_must_be_re2() -> None:
    """Also where the parser's own engine takes it."""
    with pytest.raises(BadQueryError, match="error parsing regexp"):
        ask_instant('x{pod=~"(?x)a b"}', kept(), BEGIN_MS)


@pytest.mark.parametrize("text", ["x[5m]", "x offset 5m", "sum(x)", "1", "x @ 1"])
def test_only_selectors_select(text: str) -> None:
    """`match[]` takes no expressions."""
    with pytest.raises(BadQueryError, match="selector"):
        parse_selector(text)


@pytest.mark.parametrize("at_ms", [-(10**15), 0, 10**17])
def test_times_beyond_all_data_have_no_series(at_ms: int) -> None:
    """Neither fails, nor does the store hear of years that its calendar does not have."""
    reads = kept()
    answer = ask_instant("x", reads, at_ms)
    assert isinstance(answer.value, Vector)
    assert not answer.value.labels
    ask_instant("max_over_time(x[1000y])", reads, at_ms)
    assert all(0 <= start <= end < 253_402_300_800_000 for start, end in reads.spans)


def test_errors_of_execution_are_prometheus_words() -> None:
    """Such as for labels that are no longer unique."""
    labels = [{"__name__": "a"}, {"__name__": "b"}]
    reads = KeptSeries(SeriesMatrix(labels, np.array([BEGIN_MS]), np.ones((2, 1))))
    with pytest.raises(ExecutionError, match=r"^vector cannot contain metrics with the same labelset$"):
        ask_instant('{__name__=~"a|b"} + 1', reads, BEGIN_MS)
