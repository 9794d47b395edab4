"""Tables as Markdown, which a terminal shows as well as a page does."""

from collections.abc import Iterable, Sequence
from math import isnan

from tests.accuracy.accusing import Proportion


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def number(value: float, places: int = 3) -> str:
    """A figure; a dash where there is none."""
    return "–" if isnan(value) else f"{value:.{places}f}"


def share(found: Proportion, places: int = 3) -> str:
    """A proportion with what it is made of."""
    return "–" if not found.trials else f"{found.value:.{places}f} ({found.hits}/{found.trials})"


def interval(found: Proportion) -> str:
    """A proportion with its 95 % interval."""
    low, high = found.interval
    return f"{share(found)}, 95 % interval {low:.3f}–{high:.3f}" if found.trials else "–"
