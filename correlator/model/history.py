"""What a judgement wants to know of days before its window, and what came of asking."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from correlator.model.frame import Frames
from correlator.model.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRequest:
    """Some signals on a coarse grid, narrowed to the series that matter.

    `match` has (label, regular expression) pairs, sorted; an expression has to match a label's whole value. A signal
    whose identity lacks a label is not narrowed by it.
    """

    signals: tuple[str, ...]
    match: tuple[tuple[str, str], ...]
    grid: Grid


History: TypeAlias = Mapping[HistoryRequest, Frames | None]
"""Answers by request; None where the source has none. A request that is not among them was not asked yet."""

NO_HISTORY: History = MappingProxyType({})
