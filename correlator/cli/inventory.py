"""What a Prometheus has of what is needed, and what is missing for the main job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from correlator.inquiry import Inquiry
from correlator.model.frame import Frames
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Signal
from correlator.model.topology import Topology, victim_ref
from correlator.sources.probing import SignalState
from correlator.sources.prometheus import PrometheusSource
from correlator.topology import join

FALLBACK_STEP_SECONDS = 15
SEEN_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFound:
    """One signal: whether it is there, how often it is updated, and otherwise where it would come from."""

    name: str
    exporter: str
    required: bool
    found: bool
    series: int
    interval_seconds: int | None
    newest_age_seconds: float | None
    error: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The answer of `check`. `missing` says why the main job could not run; `mapped_ratio` is None without pods."""

    source: str
    can_run: bool
    missing: tuple[str, ...]
    step_seconds: int | None
    clock_difference_seconds: float
    signals: tuple[SignalFound, ...]
    victims: tuple[str, ...]
    volumes: tuple[str, ...]
    pods: int
    mapped_ratio: float | None
    unmapped: Mapping[str, str]
    quality: tuple[str, ...]


def take_inventory(source: PrometheusSource, inquiry: Inquiry, at: float) -> Inventory:
    """Ask for every signal at `at`, and join what there is. Raises SourceError when nothing answers."""
    difference = source.clock_difference_seconds()
    states = source.probe(inquiry.signals, at)
    found = tuple(_found(signal, state) for signal, state in zip(inquiry.signals, states, strict=True))
    step = inquiry.step({each.name: each.interval_seconds for each in found if each.interval_seconds})
    grid = Grid.covering(at - SEEN_STEPS * (step or FALLBACK_STEP_SECONDS), at, step or FALLBACK_STEP_SECONDS)
    frames = source.fetch(inquiry.signals, grid)
    topology = join(frames, inquiry.tiers, inquiry.usual_tiers)
    victims = _victims(inquiry.signals, frames)
    mapped = {edge.pod for edge in topology.edges}
    pods = len(mapped | topology.unmapped.keys())
    missing = (*_missing(found), *_missing_joins(topology, victims, {str(ref) for ref in mapped}))
    return Inventory(
        source=source.name,
        can_run=not missing,
        missing=missing,
        step_seconds=step,
        clock_difference_seconds=round(difference, 3),
        signals=found,
        victims=victims,
        volumes=tuple(sorted(volume.name for volume in topology.volumes.values())),
        pods=pods,
        mapped_ratio=len(mapped) / pods if pods else None,
        unmapped={str(ref): reason for ref, reason in sorted(topology.unmapped.items())},
        quality=tuple(f"{spot.signal}: {spot.reason}" for spot in frames.quality),
    )


def _found(signal: Signal, state: SignalState) -> SignalFound:
    return SignalFound(
        name=signal.name,
        exporter=signal.exporter,
        required=signal.required,
        found=state.series > 0,
        series=state.series,
        interval_seconds=state.interval,
        newest_age_seconds=state.newest_age_seconds,
        error=state.error,
        hint=signal.hint,
    )


def _victims(signals: Sequence[Signal], frames: Frames) -> tuple[str, ...]:
    """The pods that export how long first tokens take."""
    watched = [signal.name for signal in signals if signal.aspect is Aspect.TTFT and signal.required]
    refs = {victim_ref(dict(labels)) for name in watched for labels in frames.get(name).labels}
    return tuple(sorted(str(ref) for ref in refs))


def _missing(signals: Sequence[SignalFound]) -> list[str]:
    """Required signals that nobody supplies, by the exporter that says that they are."""
    supplied = {each.name for each in signals if each.found}
    by_exporter: dict[str, list[SignalFound]] = {}
    for each in signals:
        if each.required and each.name not in supplied:
            by_exporter.setdefault(each.exporter, []).append(each)
    return [
        f"{exporter} ({', '.join(each.name for each in absent)}): {absent[0].error or absent[0].hint}"
        for exporter, absent in by_exporter.items()
    ]


def _missing_joins(topology: Topology, victims: Sequence[str], mapped: set[str]) -> list[str]:
    if not topology.volumes:
        return ["no volume is known: neither node_exporter nor cAdvisor names a disk"]
    if victims and mapped.isdisjoint(victims):
        return ["no victim is mapped to a volume: what it waits for cannot be told"]
    return []
