"""The picture of `correlator top` for the README, from the bundled recording: `python -m tests.docs.terminal`."""

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from correlator.cli.inquiring import open_inquiry
from correlator.cli.top.looking import Judged
from correlator.cli.top.screen import Shown
from correlator.cli.top.view import view_of
from correlator.daemon.given import recording_for_demo
from correlator.settings import Settings

FILE = Path(__file__).parents[2] / "docs" / "images" / "top.svg"
WIDTH = 128
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # they would be loaded from elsewhere
LATER_SECONDS = 20


def picture() -> str:
    """The terminal as an SVG, a moment into the first contention that the bundled recording holds."""
    inquiry = open_inquiry(Settings(), recording_for_demo(None))
    start, end = inquiry.source.span(0.0)
    onset = next(each.at for each in inquiry.steps(start, end) if each.findings)
    seen = replace(Judged(inquiry, "", 0.0)(onset + LATER_SECONDS), source="the bundled recording")
    console = Console(width=WIDTH, record=True, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Shown(view_of(seen, seen.snapshot.at, rows=6), whole=True), end="")
    return FONTS.sub("", console.export_svg(title="correlator top", unique_id="top"))


def main() -> None:
    """Write it."""
    FILE.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
