"""From a pod's claims to the volumes behind them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from correlator.topology.pods import Name
from correlator.topology.rows import Row, newest_row


@dataclass(frozen=True, slots=True)
class ClaimUse:
    """A pod's volume that is a claim: its name in the pod's spec, and the uid of the pod's incarnation."""

    uid: str
    volume: str
    claim: str  # "namespace/name"


@dataclass(frozen=True, slots=True)
class Claims:
    """`of_pod` holds what each pod claims; `bound` the persistent volume of a claim; `volumes` their properties."""

    of_pod: Mapping[Name, tuple[ClaimUse, ...]]
    bound: Mapping[str, str]
    volumes: Mapping[str, Row]

    def named(self, pod: Name, volume: str) -> str:
        """The claim of a pod that a folder name under its volumes means; empty when unknown.

        kubelet names the folder after the persistent volume, for some plugins after the volume in the pod's spec.
        """
        uses = self.of_pod.get(pod, ())
        by_volume = (use.claim for use in uses if self.bound.get(use.claim) == volume)
        return next(by_volume, "") or next((use.claim for use in uses if use.volume == volume), "")

    def path(self, claim: str) -> str:
        """The path on the pod's node where a claim's data lies; empty for what is no local or host path."""
        row = self.volumes.get(self.bound.get(claim, ""))
        return "" if row is None else row.get("local_path") or row.get("host_path")


def learn_claims(used: Iterable[Row], bound: Iterable[Row], volumes: Iterable[Row]) -> Claims:
    """Read pod_claims, claim_info and persistent_volume_info."""
    of_pod: dict[Name, set[tuple[str, str, str]]] = defaultdict(set)
    for row in used:
        if row.get("persistentvolumeclaim"):
            claim = f"{row.get('namespace')}/{row.get('persistentvolumeclaim')}"
            of_pod[row.get("namespace"), row.get("pod")].add((claim, row.get("volume"), row.get("uid")))
    bindings: dict[str, list[Row]] = defaultdict(list)
    for row in bound:
        if row.get("volumename"):
            bindings[f"{row.get('namespace')}/{row.get('persistentvolumeclaim')}"].append(row)
    known: dict[str, list[Row]] = defaultdict(list)
    for row in volumes:
        known[row.get("persistentvolume")].append(row)
    return Claims(
        of_pod={
            pod: tuple(ClaimUse(uid=uid, volume=volume, claim=claim) for claim, volume, uid in sorted(uses))
            for pod, uses in of_pod.items()
        },
        bound={claim: newest_row(candidates).get("volumename") for claim, candidates in bindings.items()},
        volumes={name: newest_row(candidates) for name, candidates in known.items()},
    )
