"""docs/signals.md against the catalogue."""

from pathlib import Path

import pytest

from correlator.catalog import load
from correlator.model.signal import Signal
from tests.docs.signals_page import page

PAGE = Path(__file__).parents[2] / "docs/signals.md"


def test_page_is_current() -> None:
    """The page says what the catalogue says; `make docs` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize(
    "signal",
    {(signal.exporter, signal.name): signal for signal in load()}.values(),
    ids=lambda s: f"{s.exporter}: {s.name}",
)
def test_every_row_names_what_it_reads(signal: Signal) -> None:
    """A row of the bundled catalogue selects by names, so that nothing is asked for where nobody has it."""
    assert signal.metrics
