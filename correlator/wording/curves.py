"""The curves of an incident as panels with words and figures: what the charts show, for whoever cannot see them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from correlator.model.finding import Evidence, EvidenceSeries, SymptomEffect
from correlator.model.symptom import TTFT
from correlator.wording import words

TTFT_NAMES = {"ttft_p95": "p95", "ttft_mean": "mean", "ttft_p50": "p50"}
_WRITE: dict[str, Callable[[float | None], str]] = {"seconds": words.duration, "ratio": words.percent}


@dataclass(frozen=True, slots=True)
class CurveFigures:
    """One curve: its median before the onset and from it on, and its largest value, as text with their unit."""

    label: str
    before: str
    during: str
    most: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves that share an axis. `key` is what the script draws it by; without curves nothing was seen."""

    key: str
    title: str
    curves: Sequence[CurveFigures]

    @property
    def sentence(self) -> str:
        """The panel in words."""
        said = [f"{each.label} {each.before} before, {each.during} during, at most {each.most}" for each in self.curves]
        return f"{self.title}: {'; '.join(said) or 'not seen'}."


def panels_of(evidence: Evidence, symptom: SymptomEffect | None = None) -> list[Panel]:
    """The four panels of an incident, in the order of its picture; none without evidence."""
    if not evidence.times:
        return []
    is_other = symptom is not None and symptom.name != TTFT.name
    first = f"Time of {symptom.things}" if symptom and is_other else "Time to first token"
    return [
        Panel("ttft", first, list(_first_tokens(evidence))),
        Panel("latency", "Volume: latency of an operation", list(_named(evidence, _LATENCIES))),
        Panel("queue", "Volume: queue depth and utilization", list(_named(evidence, _QUEUE))),
        Panel("device_time", "Device time taken, by whom", list(_takers(evidence))),
    ]


_LATENCIES = {"read_latency": "read", "write_latency": "write"}
_QUEUE = {"queue_depth": "queue depth", "utilization": "utilization"}
_TAKERS = {"victim_io": "the victim itself", "unattributed": "I/O that no pod accounts for"}


def _first_tokens(evidence: Evidence) -> Iterator[CurveFigures]:
    return (
        _figures(evidence, curve, TTFT_NAMES.get(curve.name, curve.name))
        for curve in evidence.series
        if curve.role == "ttft"
    )


def _named(evidence: Evidence, labels: dict[str, str]) -> Iterator[CurveFigures]:
    return (
        _figures(evidence, curve, labels[curve.name])
        for curve in evidence.series
        if curve.role == "volume" and curve.name in labels
    )


def _takers(evidence: Evidence) -> Iterator[CurveFigures]:
    return (
        _figures(evidence, curve, _TAKERS.get(curve.role, curve.label), write=_device_time)
        for curve in evidence.series
        if curve.name == "device_time"
    )


def _device_time(value: float | None) -> str:
    return words.UNKNOWN if value is None else f"{words.number(value)} s/s"


def _figures(
    evidence: Evidence, curve: EvidenceSeries, label: str, write: Callable[[float | None], str] | None = None
) -> CurveFigures:
    write = write or _WRITE.get(curve.unit, words.number)
    onset, end = evidence.onset, evidence.ended_at
    seen = [(at, value) for at, value in zip(evidence.times, curve.values, strict=True) if value is not None]
    before = [value for at, value in seen if onset is None or at < onset]
    during = [value for at, value in seen if onset is not None and onset <= at and (end is None or at < end)]
    return CurveFigures(
        label=label,
        before=write(median(before) if before else None),
        during=write(median(during) if during else None),
        most=write(max((value for _, value in seen), default=None)),
    )
