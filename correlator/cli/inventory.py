"""Asks a source for everything that the inventory is made of."""

from collections.abc import Sequence
from dataclasses import replace

from correlator.inquiry import Inquiry
from correlator.inquiry.inventory import inventory_of, with_servers, with_symptoms
from correlator.model.frame import Frames
from correlator.model.grid import Grid
from correlator.model.inventory import Inventory, Remedy, SignalFound
from correlator.model.signal import Signal
from correlator.model.source import SourceError
from correlator.sources.census import doubled, server_found
from correlator.sources.probing import LiveSource, SignalState
from correlator.sources.prometheus import PrometheusSource
from correlator.sources.several import SeveralSources
from correlator.topology import join

FALLBACK_STEP_SECONDS = 15
SEEN_STEPS = 20


def take_inventory(source: PrometheusSource | SeveralSources, inquiry: Inquiry, at: float) -> Inventory:
    """Ask for every signal at `at`, and join what there is, what the inquiry's source adds to `source` included.

    Raises SourceError when nothing answers.
    """
    states = source.probe(inquiry.signals, at)
    found = _found(inquiry.signals, states)
    step = inquiry.step({each.name: each.interval_seconds for each in found if each.interval_seconds})
    distance = step or FALLBACK_STEP_SECONDS
    frames = inquiry.source.fetch(inquiry.signals, Grid.covering(at - SEEN_STEPS * distance, at, distance))
    found = _with_added(found, frames)
    topology = join(frames, inquiry.tiers, inquiry.usual_tiers, inquiry.depends_on)
    inventory = inventory_of(source.name, inquiry.signals, found, frames, topology, step)
    inventory = with_symptoms(inventory, inquiry.parameters.symptoms, inquiry.signals, frames, topology)
    live = source.named()
    return with_servers(
        inventory,
        [server_found(name, each) for name, each in live.items()],
        [remedy for each in live.values() for remedy in _doubled(each, at)],
    )


def _doubled(source: LiveSource, at: float) -> Sequence[Remedy]:
    try:
        return doubled(source, at)
    except SourceError:
        return ()


def _found(signals: Sequence[Signal], states: Sequence[SignalState]) -> tuple[SignalFound, ...]:
    """What each exporter supplies of each signal: a histogram may be there as classic, as native, or as both."""
    rows: dict[tuple[str, str], list[tuple[Signal, SignalState]]] = {}
    for signal, state in zip(signals, states, strict=True):
        rows.setdefault((signal.exporter, signal.name), []).append((signal, state))
    return tuple(_together([signal for signal, _ in each], [state for _, state in each]) for each in rows.values())


def _with_added(found: Sequence[SignalFound], frames: Frames) -> tuple[SignalFound, ...]:
    """With what no series supplies and is known all the same: from the Kubernetes API."""
    supplied = {each.name for each in found if each.found}
    return tuple(
        replace(each, found=True, series=len(frames.get(each.name).labels))
        if each.name not in supplied and frames.get(each.name).labels
        else each
        for each in found
    )


def _together(signals: Sequence[Signal], states: Sequence[SignalState]) -> SignalFound:
    signal = signals[0]
    ages = [state.newest_age_seconds for state in states if state.newest_age_seconds is not None]
    return SignalFound(
        name=signal.name,
        exporter=signal.exporter,
        required=any(each.required for each in signals),
        found=any(state.series for state in states),
        series=sum(state.series for state in states),
        interval_seconds=max((state.interval for state in states if state.interval is not None), default=None),
        newest_age_seconds=min(ages, default=None),
        error="; ".join(dict.fromkeys(state.error for state in states if state.error)),
        hint=signal.hint,
    )
