"""No rule has what pint would find, and each check finds what it is there for."""

from dataclasses import replace

import pytest

from tests.rules.files import ALERTING, PLAIN, RECORDED, RULES, Rule, groups_of, walked
from tests.rules.lint import CHECKS, Check, comparison, impossible, regexps, seconds_of, templates

SOUND = Rule(
    group="g",
    name="CorrelatorDown",
    is_alert=True,
    expr="max by (volume) (a) > 0",
    labels={"severity": "warning", "component": "correlator"},
    annotations={
        "summary": "It is down.",
        "description": "On {{ $labels.volume }}.",
        "runbook_url": "https://a",
        "dashboard_url": "https://a",
    },
    lasting="5m",
    keeping="5m",
)
RECORDING = Rule("g", "instance:node_load:rate2m", is_alert=False, expr="rate(a[2m])", labels={}, annotations={})


def annotated(**changes: str) -> Rule:
    """The sound alert with other annotations."""
    return replace(SOUND, annotations={**SOUND.annotations, **changes})


FAULTY = {
    "syntax": [replace(SOUND, expr="max by (")],
    "comparison": [
        replace(SOUND, expr="max by (volume) (a)"),
        replace(SOUND, expr="max by (volume) (a) > bool 0"),
        replace(SOUND, expr="max by (volume) (a) and on (volume) b > 0"),
        replace(SOUND, expr="max by (volume) (a) > 0 or max by (volume) (b)"),
    ],
    "lasting": [
        replace(SOUND, lasting=""),
        replace(SOUND, lasting="0s"),
        replace(SOUND, keeping=""),
        replace(RECORDING, lasting="5m"),
    ],
    "templates": [
        replace(SOUND, labels={**SOUND.labels, "size": "{{ $value }}"}),
        annotated(description="On {{ $labels.pod }}."),
        replace(
            annotated(description="{{ $value }} a second."), expr="sum by (volume) (rate(correlator_a_total[5m])) > 0"
        ),
    ],
    "fragile": [replace(SOUND, expr="topk(3, a) > 0")],
    "regexps": [
        replace(SOUND, expr='a{b=~"c"} > 0'),
        replace(SOUND, expr='a{b=~"^c.*"} > 0'),
        replace(SOUND, expr='a{b!~"c|d$"} > 0'),
    ],
    "impossible": [replace(SOUND, expr="max by (volume) (a) > 0 and on (pod) b")],
    "divisions": [replace(SOUND, expr="max by (volume) (a / b) > 0")],
    "naming": [
        replace(SOUND, name="VolumeDown"),
        replace(SOUND, name="Correlator_down"),
        replace(RECORDING, name="node_load"),
        replace(RECORDING, name="instance:node_reads_total:rate2m"),
    ],
    "labelling": [
        replace(SOUND, labels={"component": "correlator"}),
        replace(SOUND, labels={"severity": "page", "component": "correlator"}),
        replace(SOUND, labels={"severity": "info"}),
    ],
    "annotations": [
        annotated(summary="{{ $labels.volume }} is down."),
        annotated(summary="Down"),
        annotated(description=""),
        annotated(description="Down"),
        annotated(runbook_url="docs/alerts.md"),
        annotated(dashboard_url=""),
    ],
}
CASES = [(check, rule) for check in CHECKS for rule in FAULTY[check.__name__]]


@pytest.mark.parametrize(("check", "rule"), CASES, ids=lambda one: getattr(one, "__name__", ""))
def test_check_finds_its_fault(check: Check, rule: Rule) -> None:
    """Each faulty rule is found, and the sound ones are not."""
    assert list(check(rule))
    assert [*check(SOUND), *check(RECORDING)] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_rules_pass(check: Check) -> None:
    """Pint's offline checks."""
    assert {str(rule): found for rule in RULES if (found := list(check(rule)))} == {}


def test_checks_read_through_what_may_be_written() -> None:
    """An absent(), a condition inside of a count, and labels kept by the left side are fine."""
    inside = replace(SOUND, expr="count by (volume) (a == 1) unless on (volume) b > 300")
    assert [*comparison(inside), *impossible(inside), *templates(inside), *regexps(inside)] == []
    assert list(comparison(replace(SOUND, expr="absent(a)"))) == []


def test_groups() -> None:
    """group/interval: at most five minutes, or series look stale in between; each group has a name of its own."""
    groups = [group for one in PLAIN for group in groups_of(one.read_text(encoding="utf-8"))]
    assert all(seconds_of(group.get("interval", "1m")) <= 300 for group in groups)
    assert len({group["name"] for group in groups}) == len(groups)


def test_dependencies() -> None:
    """rule/dependency: what a rule reads of recorded series is recorded before it, in its own group."""
    recorded: dict[str, str] = {}
    for rule in RULES:
        names = {str(name) for node in walked(rule.expr) if (name := getattr(node, "name", None)) and ":" in str(name)}
        for name in names:
            assert recorded[name] == rule.group, f"{rule} reads {name}"
        recorded[rule.name] = rule.group


def test_names_and_their_labels_are_given_once() -> None:
    """Two rules of one name and equal labels would write one series twice."""
    keys = [(rule.name, tuple(sorted(rule.labels.items()))) for rule in [*RECORDED, *ALERTING]]
    assert len(set(keys)) == len(keys)
