"""Finds how often signals are updated: from the times of their samples, never from configuration."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from correlator.catalog.promql import QueryError, parsed, selectors_of
from correlator.model.frame import Floats, Frame
from correlator.model.grid import Grid
from correlator.model.signal import Kind, Measured, Signal
from correlator.sources.answer import Answer
from correlator.sources.staleness import instance_of

LADDER_SECONDS = (1, 2, 5, 10, 15, 20, 30, 60)
_INSTANCES = 5
LOOKBACK_SECONDS = 3600
_LOOKBACK_STEP_SECONDS = 60

Ask = Callable[[str, Grid], Answer]
"""Asks a range query on a grid."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Sample times are looked at for so long, so densely; `enough` distinct ones settle the question."""

    seconds: int
    step: int
    enough: int


_LOOKS = (_Look(20, 1, 5), _Look(150, 1, 3), _Look(900, 5, 2))


def snap(seconds: float) -> int:
    """The step of the ladder nearest in ratio."""
    return min(LADDER_SECONDS, key=lambda step: abs(math.log(seconds / step)))


def beat_of(signal: Signal) -> str | None:
    """PromQL for the newest sample's time of each target of a signal; None where its query selects no series."""
    if signal.kind is Kind.HEARTBEAT:
        return signal.query
    try:
        selectors = selectors_of(parsed(signal.query))
    except QueryError:
        return None
    times = " or ".join(f"timestamp({selector})" for selector in selectors)
    return f"max by (instance) ({times})" if times else None


def groups_of(signals: Sequence[Signal]) -> dict[str, list[Signal]]:
    """Signals that share an update interval, by any key: those of one heartbeat, and those of one exporter without.

    A heartbeat that several exporters supply is one of each; who has none of its own goes by the first.
    """
    supplied: dict[str, list[str]] = {}
    for signal in signals:
        if signal.kind is Kind.HEARTBEAT:
            supplied.setdefault(signal.name, []).append(signal.exporter)
    groups: dict[str, list[Signal]] = {}
    for signal in signals:
        beat = signal.name if signal.kind is Kind.HEARTBEAT else signal.heartbeat
        exporters = supplied.get(beat, [])
        of = signal.exporter if signal.exporter in exporters or not exporters else exporters[0]
        groups.setdefault(f"{beat} of {of}" if beat else f"exporter {signal.exporter}", []).append(signal)
    return groups


def slowest(intervals: Mapping[Signal, int]) -> dict[str, int]:
    """The interval of each name: that of its slowest supplier, gateways only where nobody else supplies it."""
    found: dict[str, int] = {}
    for is_gateway in (False, True):
        told = [item for item in intervals.items() if (item[0].measured is Measured.GATEWAY) == is_gateway]
        of_these: dict[str, int] = {}
        for signal, interval in told:
            of_these[signal.name] = max(interval, of_these.get(signal.name, 0))
        found = of_these | found
    return found


def beats_of(group: Sequence[Signal]) -> list[str]:
    """PromQL to try in turn for a group: its heartbeat when it is there, else what each member's query allows."""
    queries = [signal.query for signal in group if signal.kind is Kind.HEARTBEAT]
    return queries or [beat for signal in group if (beat := beat_of(signal))]


def update_interval(ask: Ask, beat: str, at: float, newest: Mapping[str, float] | None = None) -> int | None:
    """The update interval in seconds around `at`, on the ladder; None where fewer than two samples are seen.

    The median difference of the distinct sample times of up to 5 targets, in the minutes before the newest sample at
    or before `at` (which may lie an hour back). Looking every 5 seconds may skip samples and make the interval look
    longer, never shorter, so that the smallest median counts. `newest` is what `newest_beats` would ask for, if known.
    """
    newest = newest or newest_beats(ask, beat, at)
    if not newest:
        return None
    chosen = sorted(newest, key=lambda instance: (-newest[instance], instance))[:_INSTANCES]
    end = min(int(at), math.ceil(max(newest.values())))
    medians = []
    for look in _LOOKS:
        answer = ask(_of_instances(beat, chosen), Grid.covering(end - look.seconds, end, look.step))
        differences, most = _differences(answer)
        if differences.size:
            medians.append(float(np.median(differences)))
        if most >= look.enough:
            break
    return snap(min(medians)) if medians else None


def newest_beats(ask: Ask, beat: str, at: float) -> Mapping[str, float]:
    """The newest sample's time of each target at `at`, looked for up to an hour back where there is none."""
    now = int(at)
    return (
        ask(beat, Grid(now, 1, 1)).newest()
        or ask(beat, Grid.covering(now - LOOKBACK_SECONDS, now, _LOOKBACK_STEP_SECONDS)).newest()
    )


def beats_told(frames: Mapping[Signal, Frame]) -> dict[str, dict[str, float]]:
    """The newest sample's time of each target at the last step, by the query of each heartbeat that was fetched."""
    return {
        signal.query: {
            instance_of(labels): float(value)
            for labels, value in zip(frame.labels, frame.values[:, -1], strict=True)
            if math.isfinite(value)
        }
        for signal, frame in frames.items()
        if signal.kind is Kind.HEARTBEAT
    }


def _differences(answer: Answer) -> tuple[Floats, int]:
    """Differences of the distinct values within each series, and how many distinct ones the richest has."""
    ends = np.cumsum(answer.counts)
    distinct: list[NDArray[np.float64]] = [
        np.unique(answer.values[end - count : end]) for end, count in zip(ends, answer.counts, strict=True)
    ]
    finite = [values[np.isfinite(values)] for values in distinct]
    differences = [np.diff(values) for values in finite]
    return (
        np.concatenate(differences) if differences else np.empty(0),
        max((values.size for values in finite), default=0),
    )


def _of_instances(beat: str, instances: Sequence[str]) -> str:
    """The same question for few targets only, so that the answer stays small on 4,000 nodes."""
    if not all(instances):
        return beat
    named = [f'label_replace(vector(1), "instance", {_quoted(instance)}, "", "")' for instance in instances]
    return f"({beat}) and on (instance) ({' or '.join(named)})"


def _quoted(text: str) -> str:
    """A PromQL string that stands for `text` as a replacement: `$` would name a group."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("$", "$$")
    return f'"{escaped}"'
