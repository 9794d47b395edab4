"""What pint finds in rules without asking a Prometheus, and the conventions of monitoring mixins, as checks of our own.

Each check takes a rule and says what is wrong with it in words, nothing where it is fine. Names after pint 0.87.
"""

import re
from collections.abc import Callable, Iterator

import promql_parser as promql

from tests.rules.files import Rule, walked

SEVERITIES = frozenset({"critical", "warning", "info"})
PREFIX = "Correlator"
COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})
_DURATION = re.compile(r"^([1-9]\d*)(s|m|h|d)$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RECORD = re.compile(r"^[a-z_]+:[a-z_]+:[a-z_]+\d*m?$")
_RATES = frozenset({"rate", "irate", "increase", "deriv"})
_META = re.compile(r"[.*+?()\[\]{}|^$\\]")

Check = Callable[[Rule], Iterator[str]]


def syntax(rule: Rule) -> Iterator[str]:
    """promql/syntax."""
    try:
        promql.parse(rule.expr)
    except ValueError as error:
        yield f"not PromQL: {error}"


def comparison(rule: Rule) -> Iterator[str]:
    """alerts/comparison: an alert without a condition fires whenever its series exist."""
    if rule.is_alert and not _has_condition(promql.parse(rule.expr)):
        yield "it always fires: no comparison and no absent()"


def _has_condition(node: promql.Expr) -> bool:
    match node:
        case promql.ParenExpr() | promql.AggregateExpr():
            return _has_condition(node.expr)
        case promql.Call():
            return str(node.func.name) == "absent"
        case promql.BinaryExpr() if str(node.op) in COMPARISONS:
            return node.modifier is None or not node.modifier.return_bool
        case promql.BinaryExpr() if str(node.op) in {"and", "unless"}:
            return _has_condition(node.lhs)
        case promql.BinaryExpr() if str(node.op) == "or":
            return _has_condition(node.lhs) and _has_condition(node.rhs)
    return False


def lasting(rule: Rule) -> Iterator[str]:
    """alerts/for: one scrape that failed is no alert, and `for: 0s` is no duration."""
    for name, value in (("for", rule.lasting), ("keep_firing_for", rule.keeping)):
        if rule.is_alert and not _DURATION.match(value):
            yield f"{name} is {value!r}: not a duration above zero"
        if not rule.is_alert and value:
            yield f"{name} means nothing in a recording rule"


def templates(rule: Rule) -> Iterator[str]:
    """alerts/template: a value or a query in a label makes a new alert with each evaluation; rates are humanized."""
    for name, text in rule.labels.items():
        if "{{" in text:
            yield f"the label {name} has a template: it changes the alert's identity"
    if not rule.is_alert:
        return
    kept = _labels_of(promql.parse(rule.expr))
    for name, text in rule.annotations.items():
        for label in sorted(set(re.findall(r"\$labels\.(\w+)", text))):
            if kept is not None and label not in kept:
                yield f"{name} says $labels.{label}, which the expression does not keep"
        if _is_rate(rule.expr) and re.search(r"\{\{ \$value \}\}", text):
            yield f"{name} shows a rate as it is: humanize it"


def _labels_of(node: promql.Expr) -> frozenset[str] | None:
    """The labels that an expression certainly keeps no more than; None where that is not known."""
    match node:
        case promql.ParenExpr():
            return _labels_of(node.expr)
        case promql.AggregateExpr() if node.modifier is None:
            return frozenset()
        case promql.AggregateExpr() if node.modifier and node.modifier.type == promql.AggModifierType.By:
            return frozenset(node.modifier.labels)
        case promql.BinaryExpr() if str(node.op) in {"and", "unless"} or isinstance(node.rhs, promql.NumberLiteral):
            return _labels_of(node.lhs)
        case promql.Call() if str(node.func.name) == "absent":
            return frozenset()
    return None


def _is_rate(expr: str) -> bool:
    return any(isinstance(node, promql.Call) and str(node.func.name) in _RATES for node in walked(expr))


def fragile(rule: Rule) -> Iterator[str]:
    """promql/fragile: an alert on the top few changes its identity with their order."""
    for node in walked(rule.expr):
        if rule.is_alert and isinstance(node, promql.AggregateExpr) and str(node.op) in {"topk", "bottomk", "limitk"}:
            yield f"{node.op} in an alert's expression: which series it keeps changes"


def regexps(rule: Rule) -> Iterator[str]:
    """promql/regexp: anchors are there anyway, and a pattern without any metacharacter is a name."""
    for node in walked(rule.expr):
        if not isinstance(node, promql.VectorSelector):
            continue
        for each in node.matchers.matchers:
            if each.op not in (promql.MatchOp.Re, promql.MatchOp.NotRe):
                continue
            if each.value.startswith("^") or each.value.endswith("$"):
                yield f"{each.name}: needless anchor in {each.value!r}"
            if not _META.search(each.value):
                yield f"{each.name}: {each.value!r} is no pattern"


def impossible(rule: Rule) -> Iterator[str]:
    """promql/impossible: nothing is matched by a label that one side has aggregated away."""
    for node in walked(rule.expr):
        if not isinstance(node, promql.BinaryExpr) or node.modifier is None or node.modifier.matching is None:
            continue
        matching = node.modifier.matching
        if matching.type != promql.LabelModifierType.Include:
            continue
        for side in (node.lhs, node.rhs):
            kept = _labels_of(side)
            lacking = set(matching.labels) - kept if kept is not None else set()
            if lacking:
                yield f"on ({', '.join(sorted(lacking))}) after an aggregation without it"


def divisions(rule: Rule) -> Iterator[str]:
    """promql/nan: one NaN of a division inside an aggregation is NaN for all."""
    for node in walked(rule.expr):
        if isinstance(node, promql.AggregateExpr) and any(map(_divides, walked(node.expr.prettify()))):
            yield "a division inside an aggregation"


def _divides(node: promql.Expr) -> bool:
    return isinstance(node, promql.BinaryExpr) and str(node.op) in {"/", "%"}


def naming(rule: Rule) -> Iterator[str]:
    """rule/name: level:metric:operations, `_total` gone where a rate is taken; alerts in CamelCase with our prefix."""
    if rule.is_alert:
        if not re.match(rf"^{PREFIX}([A-Z][a-z]+|TTFT)+$", rule.name):
            yield "not CamelCase with the prefix"
        return
    if not _RECORD.match(rule.name):
        yield "not level:metric:operations"
    if "_total" in rule.name:
        yield "_total of what is a rate"


def labelling(rule: Rule) -> Iterator[str]:
    """rule/label: a severity that receivers can route by."""
    if rule.is_alert and rule.labels.get("severity") not in SEVERITIES:
        yield f"severity is none of {', '.join(sorted(SEVERITIES))}"
    if rule.is_alert and rule.labels.get("component") != "correlator":
        yield "no label component: correlator"


def annotations(rule: Rule) -> Iterator[str]:
    """alerts/annotation: a static sentence, a description, a runbook and a dashboard."""
    if not rule.is_alert:
        return
    for name in ("summary", "description", "runbook_url", "dashboard_url"):
        if not rule.annotations.get(name):
            yield f"no {name}"
    summary, description = rule.annotations.get("summary", ""), rule.annotations.get("description", "")
    if "{{" in summary or not summary.endswith("."):
        yield "the summary is no static sentence"
    if not description.rstrip("}").removesuffix("{{ end ").endswith("."):
        yield "the description is no sentence"
    for name in ("runbook_url", "dashboard_url"):
        if not rule.annotations.get(name, "").startswith("https://"):
            yield f"{name} is no address"


CHECKS: tuple[Check, ...] = (
    syntax,
    comparison,
    lasting,
    templates,
    fragile,
    regexps,
    impossible,
    divisions,
    naming,
    labelling,
    annotations,
)


def seconds_of(duration: str) -> int:
    """A Prometheus duration of one unit."""
    found = _DURATION.match(duration)
    assert found, duration
    return int(found[1]) * _SECONDS[found[2]]
