"""Which seeds are for tuning, which only report."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

Split: TypeAlias = Literal["tuning", "report"]

TUNING_BELOW = 10_000
"""Seeds below are looked at while the engine is made; those from here on never are."""

CASES_PER_KIND = 25
"""Of a report: a kind that goes wrong one time in twenty shows it in nine reports of ten."""

ATTEMPTS = 8
"""Seeds tried for each case until one has the impact that its kind claims."""


def seeds(split: Split, slot: int) -> Sequence[int]:
    """The seeds that are tried for the case with this number, in order; no two cases share one."""
    if not 0 <= slot < TUNING_BELOW // ATTEMPTS:
        raise ValueError(f"expected a case number below {TUNING_BELOW // ATTEMPTS}, not {slot}")
    first = (0 if split == "tuning" else TUNING_BELOW) + slot * ATTEMPTS
    return range(first, first + ATTEMPTS)
