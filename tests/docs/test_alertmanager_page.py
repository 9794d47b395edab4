"""docs/alertmanager.md: its examples are what Alertmanager and the correlator take."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from correlator.daemon.alert_receivers import receivers_of
from correlator.settings import AlertReceiverSettings, WebhookSettings, load_settings

PAGE = (Path(__file__).parents[2] / "docs" / "alertmanager.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml( alertmanager)?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(*, alertmanager: bool) -> list[str]:
    """Those of Alertmanager, or of the correlator."""
    return [text for mark, text in BLOCKS if bool(mark) is alertmanager]


def test_alertmanager_takes_the_example(tmp_path: Path) -> None:
    """As it stands on the page, by Alertmanager's own tool."""
    (example,) = blocks(alertmanager=True)
    file = tmp_path / "alertmanager.yml"
    file.write_text(example)
    done = subprocess.run(["amtool", "check-config", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "2 receivers" in done.stdout


def test_the_settings_are_settings(tmp_path: Path) -> None:
    """Receivers are made of them."""
    settings, more = blocks(alertmanager=False)
    document = yaml.safe_load(settings)
    document["alerting"]["webhook"]["receivers"] |= yaml.safe_load(more)
    file = tmp_path / "correlator.yaml"
    file.write_text(yaml.safe_dump(document))
    made = receivers_of(load_settings(file).alerting.webhook)
    assert [each.name for each in made] == ["alerts/oncall", "alerts/storage-channel", "alerts/ticket"]


@pytest.mark.parametrize("name", [name for name in AlertReceiverSettings.model_fields if name != "kind"])
def test_every_setting_of_a_receiver_is_on_the_page(name: str) -> None:
    """They stand in no other: docs/settings.md lists what has a fixed path."""
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", WebhookSettings.model_fields)
def test_every_setting_of_the_webhook_is_explained(name: str) -> None:
    """What it means for whom."""
    assert name in PAGE
