"""Asks a source for everything that the inventory is made of."""

from collections.abc import Sequence

from correlator.inquiry import Inquiry
from correlator.inquiry.inventory import inventory_of, with_servers
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
    """Ask for every signal at `at`, and join what there is. Raises SourceError when nothing answers."""
    source.require_answer()
    states = source.probe(inquiry.signals, at)
    found = tuple(_found(signal, state) for signal, state in zip(inquiry.signals, states, strict=True))
    step = inquiry.step({each.name: each.interval_seconds for each in found if each.interval_seconds})
    distance = step or FALLBACK_STEP_SECONDS
    frames = source.fetch(inquiry.signals, Grid.covering(at - SEEN_STEPS * distance, at, distance))
    inventory = inventory_of(source.name, inquiry.signals, found, frames, join(frames, inquiry.tiers), step)
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
