"""What alerts ask for is exported, and the limits in them are those that the program has."""

import json
import re
from dataclasses import dataclass

import promql_parser as promql
import pytest

from correlator import catalog
from correlator.publish.families import FAMILIES
from correlator.publish.synthetic import STALE_AFTER_SECONDS
from correlator.settings import EngineSettings
from tests.dashboards.boards import written
from tests.rules.files import ALERTING, Rule, walked

LABELS = {family.name: {*family.labels, "cluster", "job", "exported_namespace"} for family in FAMILIES}
BOARDS = {board["uid"]: board for board in map(json.loads, written().values())}
_QUERY = re.compile(r"printf `([^`]+)`")
_BOARD = re.compile(r"/d/(?P<uid>[\w-]+)(?:\?(?P<rest>\S*))?$")


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL in an alert: its expression, or what an annotation asks for, with some text for each argument."""

    rule: Rule
    expr: str

    def __str__(self) -> str:
        return f"{self.rule.name}-{self.expr[:40]}"


def queries_of(rule: Rule) -> list[Query]:
    """The expression of an alert and the queries of its annotations."""
    asked = [found.replace("%q", '"x"') for text in rule.annotations.values() for found in _QUERY.findall(text)]
    return [Query(rule, expr) for expr in (rule.expr, *asked)]


QUERIES = [query for rule in ALERTING for query in queries_of(rule)]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_alerts_ask_for_what_is_exported(query: Query) -> None:
    """Metrics exist, and so do the labels that are selected by, joined on and kept."""
    nodes = walked(query.expr)
    selectors = [node for node in nodes if isinstance(node, promql.VectorSelector)]
    assert selectors
    for selector in selectors:
        assert {each.name for each in selector.matchers.matchers} <= LABELS[str(selector.name)]
    known = set().union(*(LABELS[str(each.name)] for each in selectors))
    for node in nodes:
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            assert set(node.modifier.labels) <= known
        if isinstance(node, promql.BinaryExpr) and node.modifier is not None and node.modifier.matching is not None:
            assert set(node.modifier.matching.labels) <= known


@pytest.mark.parametrize("rule", ALERTING, ids=str)
def test_each_argument_of_an_annotations_query_is_given(rule: Rule) -> None:
    """As many %q as values, each quoted: a volume's name may hold anything."""
    for name, text in rule.annotations.items():
        for found in re.findall(r"printf (`[^`]+`)([^|}]*)\| query", text):
            assert found[0].count("%q") == len(found[1].split()), name
            assert "%s" not in found[0]
        assert text.count("printf `") == len(re.findall(r"printf `[^`]+`[^|}]*\| query", text)), name


def test_labels_of_the_scrape_do_not_reach_an_alert() -> None:
    """An alert's namespace and pod are a victim's, never the daemon's own, and a restart makes no new alert."""
    for rule in ALERTING:
        root = promql.parse(rule.expr)
        while isinstance(root, promql.BinaryExpr):
            root = root.lhs
            while isinstance(root, promql.ParenExpr):
                root = root.expr
        aggregated = isinstance(root, promql.AggregateExpr) and root.modifier is not None
        assert aggregated or rule.name == "CorrelatorDown", rule.name


def test_missing_signals_are_those_without_which_nothing_is_judged() -> None:
    """The pattern matches the required signals of the catalogue, and no other."""
    (rule,) = (each for each in ALERTING if each.name == "CorrelatorSignalMissing")
    patterns = {
        each.value
        for query in queries_of(rule)
        for node in walked(query.expr)
        if isinstance(node, promql.VectorSelector)
        for each in node.matchers.matchers
        if each.name == "signal"
    }
    (pattern,) = patterns
    signals = catalog.load()
    assert {each.name for each in signals if re.fullmatch(pattern, each.name)} == {
        each.name for each in signals if each.required
    }


def test_limits_are_those_of_the_program() -> None:
    """Who is accused, and when data is too old."""
    accused = re.compile(r"correlator_suspect_confidence\{[^}]*\} >= ([\d.]+)")
    old = re.compile(r"correlator_data_lag_seconds\)? > ([\d.]+)")
    text = "\n".join(query.expr for query in QUERIES)
    assert set(accused.findall(text)) == {str(EngineSettings().accusation_threshold)}
    assert set(map(float, old.findall(text))) == {STALE_AFTER_SECONDS}


@pytest.mark.parametrize("rule", ALERTING, ids=str)
def test_links_lead_to_dashboards_that_have_the_variables(rule: Rule) -> None:
    """Each `dashboard_url` names a dashboard of ours, and only variables of it."""
    address = re.sub(r"\{\{.*?\}\}", "x", rule.annotations["dashboard_url"])
    found = _BOARD.search(address)
    assert found, address
    offered = {each["name"] for each in BOARDS[found["uid"]]["templating"]["list"]}
    assert set(re.findall(r"var-(\w+)=", found["rest"] or "")) <= offered
