"""Debian's promtool on the rules, and that its tests leave no alert out."""

import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rules.files import ALERTING, PLAIN, PROMTOOL_TESTS, RECORDED, Rule
from tests.rules.lint import seconds_of


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A run of promtool."""
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.name)
def test_rules_are_valid(path: Path) -> None:
    """`promtool check rules`, lint included."""
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", PROMTOOL_TESTS, ids=lambda path: path.name)
def test_rules_do_what_they_say(path: Path) -> None:
    """`promtool test rules`."""
    done = promtool("test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


def evaluations(alert: str) -> Iterator[list[tuple[int, list[dict[str, Any]]]]]:
    """Of each test that looks at an alert: when, and what is expected, in the order of time."""
    for path in PROMTOOL_TESTS:
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            looks = [
                (seconds_of(look["eval_time"]), look["exp_alerts"])
                for look in test.get("alert_rule_test", ())
                if look["alertname"] == alert
            ]
            if looks:
                yield sorted(looks, key=lambda look: look[0])


@pytest.mark.parametrize("rule", ALERTING, ids=str)
def test_each_alert_is_seen_quiet_firing_and_over(rule: Rule) -> None:
    """In one test after the other: nothing, then the alert with all its words, then nothing again."""
    seen = [[bool(expected) for _, expected in looks] for looks in evaluations(rule.name)]
    changes = {change for looks in seen for change in pairwise(looks)}
    assert {(False, True), (True, False)} <= changes
    for looks in evaluations(rule.name):
        for _, expected in looks:
            assert all(set(one["exp_annotations"]) == set(rule.annotations) for one in expected)


@pytest.mark.parametrize("rule", RECORDED, ids=str)
def test_each_recorded_series_has_an_expected_value(rule: Rule) -> None:
    """Some test reads it by its name, and expects a sample."""
    expected = [
        sample["labels"]
        for path in PROMTOOL_TESTS
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for look in test.get("promql_expr_test", ())
        for sample in look["exp_samples"]
    ]
    wanted = [f'{name}="{value}"' for name, value in rule.labels.items()]
    found = [each for each in expected if each.startswith(rule.name) and all(one in each for one in wanted)]
    assert found
