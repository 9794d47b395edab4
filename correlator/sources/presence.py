"""Which metrics a Prometheus has: what nobody exports need not be asked for, however long the catalogue is."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import SourceError
from correlator.sources.session import NoConnectionError

HOLD_SECONDS = 60
_LOOKBACK_SECONDS = 300
_SPANS_HELD = 4

AskNames = Callable[[int, int], Collection[str] | None]
"""The names of all metrics with samples between two instants; None where the server does not tell."""


@dataclass(slots=True)
class Presence:
    """Knows the names for a minute of steps; where they are not told, everything is asked for."""

    ask: AskNames
    _held: dict[tuple[int, int], "_Names | None"] = field(default_factory=dict)

    def of(self, signals: Sequence[Signal], grid: Grid) -> list[Signal]:
        """Those of the signals that may have samples on the grid, in their order.

        Raises NoConnectionError where nobody answers.
        """
        if not any(signal.metrics for signal in signals):
            return list(signals)
        span = (grid.start // HOLD_SECONDS, grid.last // HOLD_SECONDS)
        if span not in self._held:
            while len(self._held) >= _SPANS_HELD:
                del self._held[next(iter(self._held))]
            self._held[span] = self._asked(span)
        names = self._held[span]
        return [signal for signal in signals if names is None or not signal.metrics or names.have(signal.metrics)]

    def _asked(self, span: tuple[int, int]) -> "_Names | None":
        try:
            told = self.ask(span[0] * HOLD_SECONDS - _LOOKBACK_SECONDS, (span[1] + 1) * HOLD_SECONDS)
        except NoConnectionError:
            raise
        except SourceError:
            return None  # whoever cannot tell names may answer queries still
        return None if told is None else _Names(frozenset(told))


@dataclass(slots=True)
class _Names:
    """Names, and which expressions match any of them as far as somebody asked."""

    all: frozenset[str]
    _found: dict[str, bool] = field(default_factory=dict)

    def have(self, patterns: Sequence[str]) -> bool:
        return any(map(self._has, patterns))

    def _has(self, pattern: str) -> bool:
        if pattern not in self._found:
            self._found[pattern] = pattern in self.all or any(map(re.compile(pattern).fullmatch, self.all))
        return self._found[pattern]
