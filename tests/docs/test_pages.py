"""README, ARCHITECTURE, CONTRIBUTING and docs/ against the program and the files."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from correlator.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("fixtures/*.md"), *ROOT.glob("tests/*/*.md")]
)
COMMANDS = sorted(getattr(get_command(app), "commands", {}))
TARGETS = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
_SPOKEN = re.compile(r"^(?:\s*|.*`)(?:\.venv/bin/)?correlator ([a-z]+)(?: |`|$)", re.MULTILINE)
_MADE = re.compile(r"(?:^ +|`|\w=\S+ )make ([a-z]+)", re.MULTILINE)


def text_of(page: Path) -> str:
    """A page."""
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    """How a page is called in a test's name."""
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page exists."""
    links = [link for link in _LINK.findall(text_of(page)) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    """Nobody has to find a command by chance."""
    assert command in _SPOKEN.findall(text_of(ROOT / "README.md"))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_and_targets_that_pages_name_exist(page: Path) -> None:
    """No page tells to run what there is not."""
    text = text_of(page)
    assert set(_SPOKEN.findall(text)) <= set(COMMANDS)
    assert set(_MADE.findall(text)) <= set(TARGETS)
