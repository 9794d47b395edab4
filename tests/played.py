"""What a recording's exporters told, written again: for a real Prometheus as OpenMetrics, for VictoriaMetrics as JSON.

A sample stands at the time that its target's heartbeat tells, so that a server that reads it back finds the same update
intervals and the same gaps; without a heartbeat it stands at its step.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from correlator import catalog
from correlator.model.frame import Floats, Frames
from correlator.model.signal import Kind, Signal, one_of_each
from correlator.sources.staleness import instance_of

_METRIC = re.compile(r'__name__=~"([^"]+)"|\(([a-zA-Z_:][\w:]*)[{)]')
_PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*")')
_INSTANTS = frozenset({"pod_start_time"})  # readings that are instants


@dataclass(frozen=True, eq=False)
class Played:
    """One series: its metric and labels, and its samples at epoch seconds in ascending order."""

    metric: str
    labels: Mapping[str, str]
    times: Sequence[float]
    values: Sequence[float]


def with_vllm(signals: Iterable[Signal]) -> list[Signal]:
    """One row of each name: where vLLM supplies a signal, its own."""
    return one_of_each(sorted(signals, key=lambda signal: signal.exporter != "vLLM"))


def played(frames: Frames, later_seconds: int = 0) -> Iterator[Played]:
    """Every series of a recording, so much later than recorded; inference servers are vLLM's."""
    for signal in with_vllm(catalog.load()):
        found = _METRIC.search(signal.query)
        if signal.kind is Kind.HEARTBEAT or found is None:
            continue
        metric = (found[1] or found[2]).replace("[:_]", ":")
        beats = _beats(frames, signal.heartbeat)
        frame = frames.get(signal.name)
        for labels, row in zip(frame.labels, frame.values, strict=True):
            steps = frames.grid.times().astype(np.float64)
            beat = beats.get(instance_of(labels), steps)
            times = np.where(np.isfinite(beat), beat, steps)
            first = np.isfinite(row)
            first[1:] &= ~((times[1:] == times[:-1]) & first[:-1])  # the same sample, still the newest a step later
            shift = later_seconds if signal.name in _INSTANTS else 0
            yield Played(metric, dict(labels), (times[first] + later_seconds).tolist(), (row[first] + shift).tolist())


def _beats(frames: Frames, heartbeat: str) -> dict[str, Floats]:
    frame = frames.get(heartbeat)
    return {instance_of(labels): row for labels, row in zip(frame.labels, frame.values, strict=True)}


def as_openmetrics(series: Iterable[Played]) -> str:
    """For `promtool tsdb create-blocks-from openmetrics`; ends in `# EOF`."""
    by_metric: dict[str, list[str]] = {}
    for each in series:
        lines = by_metric.setdefault(each.metric, [f"# TYPE {each.metric} unknown"])
        pairs = ",".join(f'{name}="{value}"' for name, value in each.labels.items())
        lines += [
            f"{each.metric}{{{pairs}}} {value!r} {at:.3f}" for at, value in zip(each.times, each.values, strict=True)
        ]
    return "\n".join([*(line for lines in by_metric.values() for line in lines), "# EOF", ""])


def as_json_lines(series: Iterable[Played]) -> bytes:
    """For VictoriaMetrics' /api/v1/import; times in milliseconds."""
    return b"\n".join(
        orjson.dumps(
            {
                "metric": {"__name__": each.metric, **each.labels},
                "values": each.values,
                "timestamps": [round(1000 * at) for at in each.times],
            }
        )
        for each in series
        if each.times
    )


def json_lines(openmetrics: str) -> bytes:
    """The samples of an OpenMetrics text with timestamps for VictoriaMetrics' import; NaN is left out."""
    series: dict[str, tuple[list[float], list[float]]] = {}
    for line in openmetrics.splitlines():
        if not line.startswith("#"):
            name, value, at = line.rsplit(" ", 2)
            times, values = series.setdefault(name, ([], []))
            if not np.isnan(float(value)):
                times.append(float(at))
                values.append(float(value))
    return as_json_lines(
        Played(name.partition("{")[0], _labels_in(name), times, values) for name, (times, values) in series.items()
    )


def _labels_in(series: str) -> dict[str, str]:
    """The labels of a series as OpenMetrics spells them."""
    return {name: orjson.loads(quoted) for name, quoted in _PAIR.findall(series.partition("{")[2])}
