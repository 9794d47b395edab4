"""The page of results: prose by hand, figures between markers."""

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

from tests.bench import machine

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "decisions" / "accuracy.md"
PICTURE = ROOT / "docs" / "images" / "reliability.svg"


def renewed(text: str, part: str, lines: Sequence[str]) -> str:
    """The text with other lines between the markers of a part. Raises ValueError where a marker is missing."""
    begin, end = f"<!-- {part} -->\n", f"<!-- /{part} -->\n"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"no part between {begin.strip()} and {end.strip()}")
    return "".join([before, begin, *(f"{line}\n" for line in lines), end, after])


def write_part(part: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Write a part of the page anew."""
    page.write_text(renewed(page.read_text(encoding="utf-8"), part, lines), encoding="utf-8")


def provenance(command: str, *facts: str) -> list[str]:
    """Where figures come from: the command, what it was told, machine, date and versions."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy"))
    return [f"`{command}`: {'; '.join(facts)}.", f"{machine.described()}; {versions}.", ""]
