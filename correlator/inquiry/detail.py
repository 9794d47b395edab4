"""Which part of a large cluster a walk asks for in full, from step to step.

Whatever is in scope is held for the whole window: what comes into it is fetched for all of it at once. So a judgement
sees of whom it looks at what it would see if everything were asked for, whenever the daemon began to look.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from correlator.analysis.evaluate import Evaluation
from correlator.inquiry.scope import DETAIL, Scope, heartbeats, in_scope, on_nodes, scope_of
from correlator.model.frame import Frames
from correlator.model.signal import Signal
from correlator.model.snapshot import Snapshot
from correlator.model.symptom import TTFT, Symptom
from correlator.model.topology import PodRef, Topology, victim_ref

KEPT_STEPS = 40
"""So long somebody who was looked at stays in scope: looks come in a row, and what is in scope is at hand."""

SHOWN_NODES = 8
"""Nodes with the fullest queues among victims' volumes: shown with everybody's I/O, though nobody is worse there."""


class Detail:
    """What is in scope; everything where a cluster is small."""

    def __init__(
        self, signals: Sequence[Signal], symptoms: Sequence[Symptom], needs: Mapping[str, Sequence[str]]
    ) -> None:
        """`needs` as `topology.join` takes them."""
        self._signals = signals
        self._symptoms = symptoms
        self._needs = {*needs, *(name for names in needs.values() for name in names)}
        self._held = Scope()
        self._shown = Scope()
        self._looked: dict[PodRef, int] = {}
        self.is_narrow = False

    def signals(self, seconds: int) -> list[Signal]:
        """What the next columns are asked for, of a window of so many seconds."""
        whole = [signal for signal in self._signals if not self.is_narrow or signal.name not in DETAIL]
        return whole + (in_scope(self._signals, self._held | self._shown, seconds) if self.is_narrow else [])

    def signals_of(self, missing: Scope, seconds: int) -> list[Signal]:
        """What is to be asked for the whole window before something comes into scope."""
        return [*heartbeats(self._signals, missing), *in_scope(self._signals, missing, seconds)]

    def take_in(self, missing: Scope) -> None:
        """What is missing is held from now on."""
        self._held |= missing

    def missing(self, frames: Frames, topology: Topology, refs: Collection[PodRef]) -> Scope:
        """What looks at these victims need beyond what is held."""
        return self._needed(frames, topology, refs) - self._held

    def forget(self, frames: Frames, topology: Topology, known: Collection[PodRef], evaluation: Evaluation) -> None:
        """After a step: let go of whom nobody has looked at lately, but for the `known`, and choose what is shown."""
        self._looked |= dict.fromkeys(evaluation.looked, evaluation.at)
        oldest = evaluation.at - KEPT_STEPS * frames.grid.step
        self._looked = {ref: at for ref, at in self._looked.items() if at > oldest}
        self._held &= self._needed(frames, topology, {*known, *self._looked})
        self._shown = on_nodes(frames, topology, list(_busiest(evaluation.snapshot)))

    def _needed(self, frames: Frames, topology: Topology, refs: Collection[PodRef]) -> Scope:
        anyone = [min(map(victim_ref, map(dict, rows)))] if (rows := frames.get(TTFT.count).labels) else []
        return scope_of(frames, topology, {*refs, *anyone}, self._symptoms, self._needs)


def _busiest(snapshot: Snapshot) -> Iterator[str]:
    """The nodes of those volumes in use by victims that have the longest queues."""
    used = {identity for victim in snapshot.victims for identity in victim.volume_ids}
    found: dict[str, None] = {}
    for volume in snapshot.volumes:  # sorted by queue depth
        if volume.node and volume.id in used:
            found[volume.node] = None
    yield from list(found)[:SHOWN_NODES]
