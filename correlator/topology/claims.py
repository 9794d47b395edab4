"""From a pod's claims to the volumes behind them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from correlator.topology.pods import Name
from correlator.topology.projection import Projection, Seen, Values, newest

USED_LABELS = ("namespace", "pod", "persistentvolumeclaim", "volume", "uid")
BOUND_LABELS = ("namespace", "persistentvolumeclaim", "volumename")


class ClaimUse(NamedTuple):
    """A pod's volume that is a claim: its name in the pod's spec, and the uid of the pod's incarnation."""

    claim: str  # "namespace/name"
    volume: str
    uid: str


class PersistentVolume(NamedTuple):
    """Where a persistent volume lives; empty for what does not apply."""

    persistentvolume: str
    local_path: str = ""
    host_path: str = ""
    nfs_server: str = ""
    nfs_path: str = ""
    csi_driver: str = ""
    csi_volume_handle: str = ""
    storageclass: str = ""
    ebs_volume_id: str = ""


VOLUME_LABELS = PersistentVolume._fields


@dataclass(frozen=True, slots=True)
class Claims:
    """`of_pod` holds what each pod claims; `bound` the persistent volume of a claim; `volumes` where those live."""

    of_pod: Mapping[Name, tuple[ClaimUse, ...]]
    bound: Mapping[str, str]
    volumes: Mapping[str, PersistentVolume]

    def names(self, pod: Name) -> tuple[str, ...]:
        """The claims of a pod, as namespace/name."""
        uses = self.of_pod.get(pod)
        return tuple(sorted({use.claim for use in uses})) if uses else ()

    def named(self, pod: Name, volume: str) -> str:
        """The claim of a pod that a folder name under its volumes means; empty when unknown.

        kubelet names the folder after the persistent volume, for some plugins after the volume in the pod's spec.
        """
        uses = self.of_pod.get(pod, ())
        by_volume = (use.claim for use in uses if self.bound.get(use.claim) == volume)
        return next(by_volume, "") or next((use.claim for use in uses if use.volume == volume), "")

    def path(self, claim: str) -> str:
        """The path on the pod's node where a claim's data lies; empty for what is no local or host path."""
        volume = self.volumes.get(self.bound.get(claim, ""))
        return "" if volume is None else volume.local_path or volume.host_path


def learn_claims(used: Projection, bound: Projection, volumes: Projection) -> Claims:
    """Read the values of USED_LABELS, BOUND_LABELS and VOLUME_LABELS."""
    of_pod: dict[Name, set[ClaimUse]] = defaultdict(set)
    for namespace, pod, claim, volume, uid in used:
        if claim:
            of_pod[namespace, pod].add(ClaimUse(f"{namespace}/{claim}", volume, uid))
    bindings: dict[str, list[tuple[Values, Seen]]] = defaultdict(list)
    for values, seen in bound.items():
        if values[2]:
            bindings[f"{values[0]}/{values[1]}"].append((values, seen))
    known: dict[str, list[tuple[Values, Seen]]] = defaultdict(list)
    for values, seen in volumes.items():
        known[values[0]].append((values, seen))
    return Claims(
        of_pod={pod: tuple(sorted(uses)) for pod, uses in of_pod.items()},
        bound={claim: newest(candidates)[2] for claim, candidates in bindings.items()},
        volumes={name: PersistentVolume(*newest(candidates)) for name, candidates in known.items()},
    )
