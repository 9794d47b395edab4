"""Queries over `tests.oracles.kept_series`, as hypothesis makes them: all that is served, and nothing else."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

METRICS = (*("ttft", "baseline", "active", "info") * 4, "extreme", "nothing")
LABELS = {
    "namespace": ("a", "b", "a", "b", ""),
    "pod": ("x", "y", "x", "y", "z", "e3", ""),
    "statistic": ("p50", "p95", "p50", "p95", ""),
    "volume": ("n1/sda", 'ü \\"\\\\', ""),
    "missing": ("", "", "", "a"),
}
EXPRESSIONS = (
    ".*",
    ".+",
    "x|y|a",
    "p.*|[a-z]",
    "[a-y]",
    "",
    "(?i)X|P50|A",
    "p5",
    "e[0-9]+|b",
    "x|a|",
    "n1/.*|.",
    "^x$",
    "\\\\w+",
)
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
NUMBERS = ("0", "1", "2.5", "-3", "10", "0.001", "1e3", "Inf", "NaN", "0x1F", "30", "20", "25")
SPANS = ("1ms", "14s", "15s", "1m", "5m", "7m30s", "1h", "4h")


def _listed(names: SearchStrategy[list[str]]) -> SearchStrategy[str]:
    return names.map(lambda each: f"({', '.join(each)})")


labels = _listed(st.lists(st.sampled_from([*LABELS]), max_size=3, unique=True))


@st.composite
def matchers(draw: st.DrawFn) -> str:
    """One condition."""
    label = draw(st.sampled_from([*LABELS]))
    operator = draw(st.sampled_from(["=", "!=", "=~", "!~"]))
    value = draw(st.sampled_from(LABELS[label] if "~" not in operator else EXPRESSIONS))
    return f'{label}{operator}"{value}"'


@st.composite
def selectors(draw: st.DrawFn) -> str:
    """A selector; most by name, some by an expression for the name."""
    conditions = draw(st.lists(matchers(), max_size=draw(st.sampled_from([0, 0, 0, 1, 2]))))
    if draw(st.integers(0, 5)):
        name = draw(st.sampled_from(METRICS))
    else:
        name = ""
        expression = draw(st.sampled_from(["ttft|baseline", "a.*|i.*", "t.+", "nothing"]))
        conditions.insert(0, f'__name__=~"{expression}"')
    return f"{name}{{{', '.join(conditions)}}}" if conditions else name


offsets = st.sampled_from(["", "", "", " offset 1m", " offset 1h", " offset -10m", " offset 7s"])
read = st.builds(lambda selector, offset: f"{selector}{offset}", selectors(), offsets)
windows = st.builds(
    lambda name, selector, span, offset: f"{name}_over_time({selector}[{span}]{offset})",
    st.sampled_from(["sum", "avg", "min", "max", "count", "last"]),
    selectors(),
    st.sampled_from(SPANS),
    offsets,
)
numbers = st.sampled_from(NUMBERS)
scalars = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "%"]), inner),
        st.builds("({} {} bool {})".format, inner, st.sampled_from(COMPARISONS), inner),
        st.builds("-({})".format, inner),
    ),
    max_leaves=4,
)
matching = st.one_of(st.just(""), st.builds(" {}{}".format, st.sampled_from(["on", "ignoring"]), labels))


def _aggregated(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    grouping = st.one_of(st.just(""), st.builds(" {} {} ".format, st.sampled_from(["by", "without"]), labels))
    return st.builds("{}{}({})".format, st.sampled_from(["sum", "min", "max", "avg", "count"]), grouping, inner)


def _pairwise(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    operators = st.sampled_from([*COMPARISONS, *(f"{each} bool" for each in COMPARISONS), "+", "-", "*", "/", "%"])
    grouped = st.builds(
        " {}{} {}{}".format,
        st.sampled_from(["on", "ignoring"]),
        labels,
        st.sampled_from(["group_left", "group_right"]),
        _listed(st.lists(st.sampled_from(["volume", "missing"]), max_size=1)),
    )
    return st.builds("({} {}{} {})".format, inner, operators, st.one_of(matching, matching, grouped), inner)


largest = st.builds(
    lambda number, name, grouping: f"topk{grouping}({number}, {name})",
    st.sampled_from(["1", "2.9", "5", "3", "1", "7", "0", "-1", "100", "NaN"]),
    st.sampled_from(["ttft", "baseline", 'ttft{pod!="x"}', '{__name__=~"ttft|baseline"}']),  # no two values are equal
    st.one_of(st.just(""), st.builds(" {} {} ".format, st.sampled_from(["by", "without"]), labels)),
)
vectors = st.recursive(
    st.one_of(read, read, windows, largest),
    lambda inner: st.one_of(
        _aggregated(inner),
        st.builds("({} {} {})".format, inner, st.sampled_from([*COMPARISONS, "+", "-", "*", "/", "%"]), scalars),
        st.builds("({} {} {})".format, scalars, st.sampled_from([*COMPARISONS, "> bool", "-", "/"]), inner),
        _pairwise(inner),
        st.builds("({} {}{} {})".format, inner, st.sampled_from(["and", "or", "unless"]), matching, inner),
        st.builds("-({})".format, inner),
    ),
    max_leaves=4,
)
raw = st.builds("{}[{}]{}".format, selectors(), st.sampled_from(SPANS), offsets)
texts = st.sampled_from(['"text"', "'ü'", '"a\\n\\"b"'])
_often = [vectors] * 12
instant_queries = st.integers(0, 15).flatmap(lambda number: [*_often, raw, raw, scalars, texts][number])
range_queries = st.integers(0, 12).flatmap(lambda number: [*_often, scalars][number])
