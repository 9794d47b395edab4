"""What the catalogue reads from a query's syntax tree."""

import pytest

from correlator.catalog import load
from correlator.catalog.narrowing import narrowed
from correlator.catalog.promql import QueryError, metrics_of, parsed, yielded


@pytest.mark.parametrize(
    ("query", "metrics", "labels"),
    [
        ('max by (pod, le) (m{pod!=""})', ["m"], {"pod", "le"}),
        ("max(m) by (pod)", ["m"], {"pod"}),
        ("sum(m)", ["m"], set()),
        ("max without (x) (m)", ["m"], None),
        ('sum by (a) ({__name__=~"vllm[:_]x"})', ["vllm[:_]x"], {"a"}),
        ('{__name__="a.b"}', [r"a\.b"], None),
        ('{job="x"}', [], None),
        ('m or {job="x"}', [], None),
        ("0.5 * sum by (le) (a or b)", ["a", "b"], {"le"}),
        ("sum by (x) (a) / 1000", ["a"], {"x"}),
        ("histogram_sum(sum by (a) (rate(m[5m])))", ["m"], {"a"}),
        ("histogram_quantile(0.9, sum by (le, a) (m))", ["m"], {"a"}),
        ('label_replace(sum by (a) (m), "b", "$1", "a", "(.*)")', ["m"], {"a", "b"}),
        ("max by (a) (x and on (i) y)", ["x", "y"], {"a"}),
        ("max by (a) (x) unless max by (a) (y)", ["x", "y"], {"a"}),
        ("max by (a) (x) or max by (b) (y)", ["x", "y"], None),
        ("max by (a) (x) + on (a) max by (a) (y)", ["x", "y"], None),
        ("time()", [], set()),
    ],
)
def test_metrics_and_labels(query: str, metrics: list[str], labels: set[str] | None) -> None:
    """Every selector is seen, and the labels wherever the query tells them; nothing is guessed."""
    tree = parsed(query)
    assert list(metrics_of(tree)) == metrics
    assert yielded(tree) == (None if labels is None else frozenset(labels))


def test_what_is_no_promql_is_refused_in_the_parsers_words() -> None:
    """A mistake is told, not guessed at."""
    with pytest.raises(QueryError, match="unclosed left parenthesis"):
        parsed("sum by (")


def test_narrowed_queries_select_the_same_metrics() -> None:
    """Narrowing leaves every bundled query one that yields the same labels of the same metrics."""
    for signal in load():
        before, after = parsed(signal.query), parsed(narrowed(signal.query, (("pod", r"a\.b|c"),)))
        assert metrics_of(after) == metrics_of(before)
        assert yielded(after) == yielded(before)
        assert after.prettify().count(r'pod=~"a\\.b|c"') >= len(metrics_of(before))
