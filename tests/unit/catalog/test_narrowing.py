"""Matchers put into every selector of a query, and nowhere else."""

import pytest

from correlator.catalog import load
from correlator.catalog.narrowing import narrowed

MATCH = (("pod", "a-[0-9]+"),)
PUT = 'pod=~"a-[0-9]+"'


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("m", f"m{{{PUT}}}"),
        ('max by (pod, le) (m{pod!=""})', f'max by (pod, le) (m{{pod!="",{PUT}}})'),
        ("max(m{}) by (pod)", f"max(m{{{PUT}}}) by (pod)"),
        ('sum by (pod) ({__name__=~"vllm[:_]x"})', f'sum by (pod) ({{__name__=~"vllm[:_]x",{PUT}}})'),
        ("rate(a:b[5m] offset 1h) + 1e3", f"rate(a:b{{{PUT}}}[5m] offset 1h) + 1e3"),
        (
            "max by (i) (timestamp(a) or timestamp(b) unless on (pod) c)",
            f"max by (i) (timestamp(a{{{PUT}}}) or timestamp(b{{{PUT}}}) unless on (pod) c{{{PUT}}})",
        ),
        ('m{path="}{",} == bool 1', f'm{{path="}}{{",{PUT}}} == bool 1'),
        ('label_replace(m, "by", "$1", "x", "(.*)")', f'label_replace(m{{{PUT}}}, "by", "$1", "x", "(.*)")'),
        ("a * on (pod) group_left (node) b", f"a{{{PUT}}} * on (pod) group_left (node) b{{{PUT}}}"),
        ("m @ end()", f"m{{{PUT}}} @ end()"),
    ],
)
def test_every_selector_is_narrowed(query: str, expected: str) -> None:
    """Metrics with and without braces, in functions and operators; labels, ranges and text stay as they are."""
    assert narrowed(query, MATCH) == expected


def test_patterns_are_data() -> None:
    """What a name holds cannot leave its quotes."""
    assert narrowed("m", (("pod", 'a"} or vector(1)\\.'),)) == 'm{pod=~"a\\"} or vector(1)\\\\."}'


def test_nothing_to_match_changes_nothing() -> None:
    """Letter by letter."""
    for signal in load():
        assert narrowed(signal.query, ()) == signal.query


def test_every_bundled_query_is_narrowed_once_for_each_selector() -> None:
    """As many matchers as metrics; without them it is the query it was."""
    for signal in load():
        changed = narrowed(signal.query, MATCH)
        assert PUT in changed
        assert changed.replace(f",{PUT}", "").replace(f"{{{PUT}}}", "") == signal.query
