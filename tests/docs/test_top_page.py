"""docs/top.md against the rows."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from typer.main import get_command

from correlator.cli.main import app
from correlator.cli.top.view import IncidentRow, PodRow, VictimRow, View, VolumeRow

PAGE = (Path(__file__).parents[2] / "docs" / "top.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("the whole", View),
        ("of `incidents`", IncidentRow),
        ("of `volumes`", VolumeRow),
        ("of `pods`", PodRow),
        ("of `victims`", VictimRow),
    ],
)
def test_every_field_is_documented(said: str, kind: type) -> None:
    """The table has the fields of the JSON, no more and no less."""
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {said} |")).split("|")[2]
    named = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row))
    assert named == [field.name for field in fields(kind)]


def test_every_flag_is_documented() -> None:
    """The page has the flags of the command."""
    command = getattr(get_command(app), "commands", {})["top"]
    flags = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert {flag for flag in flags if f"`{flag}" not in PAGE and flag not in PAGE} == set()
