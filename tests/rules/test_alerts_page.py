"""docs/alerts.md and the README against the rules."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rules.files import ALERTING, FOLDER, RECORDED, ROOT, Rule

PAGE = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
OWN = (FOLDER / "examples" / "own_alerts.yaml").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^ *```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, str]:
    """Headings of the third level, and what stands below each."""
    parts = re.split(r"^### (.+)$", PAGE.split("\n## Recording rules")[0], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(text: str) -> list[Any]:
    """The YAML of a page."""
    return [yaml.safe_load(found) for found in _BLOCK.findall(text)]


def test_each_alert_has_a_section_in_its_order() -> None:
    """And no section is left of an alert that is gone."""
    assert list(sections()) == [rule.name for rule in ALERTING]


@pytest.mark.parametrize("rule", ALERTING, ids=str)
def test_runbook_leads_to_the_section_and_says_what_to_do(rule: Rule) -> None:
    """The anchor is the heading's; the section says what to do."""
    assert rule.annotations["runbook_url"] == f"https://runbooks.example/alerts.md#{rule.name.lower()}"
    assert "\n- Do: " in sections()[rule.name]


def test_each_recorded_series_is_explained() -> None:
    """A row for each, and no row of what is gone."""
    rows = re.findall(r"^\| `(\w+:\w+:\w+)` \|", PAGE, re.MULTILINE)
    assert rows == list(dict.fromkeys(rule.name for rule in RECORDED))


def test_own_alerts_are_shown_as_they_were_tested() -> None:
    """The page has the whole file; what the README shows of it is in it, letter by letter."""
    assert f"```yaml\n{OWN}```" in PAGE
    tested = {rule["alert"]: rule["annotations"] for rule in rules(yaml.safe_load(OWN))}
    shown = [rule for block in blocks(README) if "groups" in block for rule in rules(block)]
    assert shown
    for rule in shown:
        for name, text in rule["annotations"].items():
            assert text == tested[rule["alert"]][name]


def rules(file: Any) -> list[Any]:  # noqa: ANN401 - YAML
    """The rules of a file."""
    return [rule for group in file["groups"] for rule in group["rules"]]


def test_alertmanager_takes_what_is_shown(tmp_path: Path) -> None:
    """`amtool check-config` on the routes and inhibitions; they name alerts and labels that exist."""
    (shown,) = (block for block in blocks(PAGE) if "inhibit_rules" in block)
    config = tmp_path / "alertmanager.yml"
    config.write_text(yaml.safe_dump(shown))
    done = subprocess.run(["amtool", "check-config", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    named = re.findall(r'alertname="(\w+)"', str(shown))
    assert named
    assert set(named) <= {rule.name for rule in ALERTING}


@pytest.mark.parametrize("text", [PAGE, README], ids=["alerts.md", "README"])
def test_prometheus_takes_what_is_shown(text: str, tmp_path: Path) -> None:
    """`promtool check config` on the scrape job, which keeps the victims' labels."""
    shown = [block for block in blocks(text) if "scrape_configs" in block]
    assert shown
    for block in shown:
        config = tmp_path / "prometheus.yml"
        config.write_text(yaml.safe_dump({"scrape_configs": block["scrape_configs"]}))
        done = subprocess.run(["promtool", "check", "config", config], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert all(job["honor_labels"] for job in block["scrape_configs"])


def test_addresses_to_change_are_those_of_the_rules() -> None:
    """The one line of sed reaches every address, and leaves nothing of an example behind."""
    text = (FOLDER / "alerts.yaml").read_text(encoding="utf-8")
    (line,) = re.findall(r"sed -i '([^']+)' rules/alerts.yaml", PAGE)
    done = subprocess.run(["sed", line], input=text, capture_output=True, text=True, check=True)
    rest = [each for each in done.stdout.splitlines() if ".example" in each and not each.startswith("#")]
    assert rest == []
