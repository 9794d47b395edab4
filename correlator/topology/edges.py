"""The edges from pods to disks: by I/O seen, by mounts, by claims; the surest of each."""

from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from correlator.model.topology import Edge, Learnt, PodRef
from correlator.topology.facts import Facts
from correlator.topology.handles import disk_of
from correlator.topology.pods import Name

Place: TypeAlias = tuple[str, str]
"""(node, disk)"""


class Edges:
    """What is learnt of edges, from the surest way to the weakest: first word on how, any word on a claim."""

    def __init__(self, facts: Facts) -> None:
        """Learn all edges."""
        self._learnt: dict[tuple[Name, Place], Learnt] = {
            (pod, (node, disk)): Learnt.IO_SEEN for pod, node, disk in facts.io.seen
        }
        self.vias: dict[tuple[Name, Place], str] = {}
        for pod, place, claim in _mounted(facts):
            self._add(pod, place, Learnt.MOUNT, claim)
        for pod, place, claim in _claimed(facts):
            self._add(pod, place, Learnt.CLAIM, claim)
        self.pods = frozenset(pod for pod, _ in self._learnt)

    def _add(self, pod: Name, place: Place, learnt: Learnt, claim: str) -> None:
        """One more way that an edge was learnt."""
        self._learnt.setdefault((pod, place), learnt)
        if claim:
            self.vias[pod, place] = min(claim, self.vias.get((pod, place), claim))

    @property
    def pairs(self) -> Collection[tuple[Name, Place]]:
        """Who uses what."""
        return self._learnt.keys()

    def build(self, ids: Mapping[Place, str], refs: Mapping[Name, PodRef]) -> tuple[Edge, ...]:
        """The edges, sorted by pod and volume; `ids` are those of the volumes."""
        found = sorted((pod, ids[place], place, learnt) for (pod, place), learnt in self._learnt.items())
        return tuple(
            Edge(pod=refs[pod], volume_id=volume, learnt=learnt, via=self.vias.get((pod, place), ""))
            for pod, volume, place, learnt in found
        )

    def claims(self) -> dict[Place, set[str]]:
        """The claims that lie on each disk."""
        lying: dict[Place, set[str]] = {}
        for (_, place), claim in self.vias.items():
            lying.setdefault(place, set()).add(claim)
        return lying


def _mounted(facts: Facts) -> Iterator[tuple[Name, Place, str]]:
    """Mount points below a pod's folder, by the uid in their path."""
    for mount in facts.mounts.of_pods:
        owner = facts.pods.by_uid.get(mount.uid)
        if owner is not None:
            name = owner.namespace, owner.pod
            yield name, (mount.node, mount.disk), facts.claims.named(name, mount.volume)


def _claimed(facts: Facts) -> Iterator[tuple[Name, Place, str]]:
    """Claims whose volume is a path on the pod's node, or whose name a disk of it carries."""
    for name, uses in facts.claims.of_pod.items():
        for use in uses:
            incarnation = facts.pods.by_uid.get(use.uid)
            node = facts.pods.node_of(name) if incarnation is None else incarnation.node
            path = facts.claims.path(use.claim)
            mount = facts.mounts.below(node, path) if path else None
            volume = facts.claims.volumes.get(facts.claims.bound.get(use.claim, ""))
            if mount is not None and mount.disk:
                yield name, (node, mount.disk), use.claim
            elif volume is not None and (disk := disk_of(volume, node, facts.named_disks)):
                yield name, (node, disk), use.claim
