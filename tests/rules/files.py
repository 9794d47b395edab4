"""The rules as they lie in `rules/`, and what tests of promtool say of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "rules"
RECORDING, ALERTS = FOLDER / "recording.yaml", FOLDER / "alerts.yaml"
PLAIN = (RECORDING, ALERTS)
PROMTOOL_TESTS = sorted((FOLDER / "tests").glob("*.yaml"))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `name` is the alert's or the recorded metric's; `lasting` and `keeping` are empty where not given."""

    group: str
    name: str
    is_alert: bool
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    lasting: str = ""
    keeping: str = ""

    def __str__(self) -> str:
        return f"{self.name}[{self.labels['quantile']}]" if "quantile" in self.labels else self.name


def groups_of(text: str) -> list[dict[str, Any]]:
    """The groups of a rule file."""
    groups = yaml.safe_load(text)["groups"]
    assert isinstance(groups, list)
    return groups


def rules_of(text: str) -> Iterator[Rule]:
    """Every rule of a rule file."""
    for group in groups_of(text):
        for rule in group["rules"]:
            yield Rule(
                group=group["name"],
                name=rule.get("alert") or rule["record"],
                is_alert="alert" in rule,
                expr=rule["expr"],
                labels=rule.get("labels", {}),
                annotations=rule.get("annotations", {}),
                lasting=rule.get("for", ""),
                keeping=rule.get("keep_firing_for", ""),
            )


def walked(expr: str) -> list[promql.Expr]:
    """Every node of an expression's syntax tree, the root first."""
    nodes: list[promql.Expr] = []
    promql.walk(promql.parse(expr), nodes.append)
    return nodes


RULES = [rule for path in PLAIN for rule in rules_of(path.read_text(encoding="utf-8"))]
ALERTING = [rule for rule in RULES if rule.is_alert]
RECORDED = [rule for rule in RULES if not rule.is_alert]
