"""Back ends that several nodes share: who their clients are, and which of them queue for the same thing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from correlator.model.frame import Frames
from correlator.model.topology import Below, Learnt, PodRef, Sure, part_key
from correlator.topology import signals
from correlator.topology.edges import Place
from correlator.topology.exports import export_of, share_of, shares_of
from correlator.topology.facts import Facts
from correlator.topology.mounts import POD_MOUNT
from correlator.topology.nodes import TARGET
from correlator.topology.pods import Name
from correlator.topology.projection import Values, project

Domain: TypeAlias = tuple[str, str]
"""(kind, device): ("nfs", "filer:/models"), ("rbd", "replicapool")"""

UUID_LENGTH = 36
SYSTEM = "all volumes"
"""The domain of a back end that does not tell which of its volumes lie on one disk."""


class Use(NamedTuple):
    """How a pod's use of a domain was learnt, and through which claim."""

    learnt: Learnt
    sure: Sure
    claim: str


@dataclass(slots=True)
class Client:
    """One client of a back end and those behind it; `node` where it is a node's mount."""

    users: set[PodRef] = field(default_factory=set)
    node: str = ""
    others: bool = False  # the node itself uses it, too

    @property
    def doer(self) -> PodRef | None:
        """Whom its I/O is put down to: its only user, else its node, else nobody."""
        if len(self.users) == 1 and not self.others:
            return min(self.users)
        return PodRef.of_node(self.node) if self.node else None


@dataclass(frozen=True, slots=True)
class Shared:
    """Clients of each domain by their keys, pods' uses of domains, and the claims that lie in each."""

    clients: Mapping[Domain, Mapping[str, Client]]
    uses: Mapping[tuple[Name, Domain], Use]
    claims: Mapping[Domain, set[str]]


def learn_shared(frames: Frames, facts: Facts) -> Shared:
    """Everything that the back ends' series and the claims tell."""
    finished = project(frames, [signals.POD_FINISHED], ("namespace", "pod", "uid"))
    learning = _Learning(facts, {uid for uid, (_, oldest) in finished.items() if oldest == 0})
    learning.nfs(frames)
    learning.ceph_file_systems(are_counted=bool(project(frames, [signals.CEPH_OSD], ("ceph_daemon",))))
    learning.images(frames)
    learning.volumes("longhorn", project(frames, [signals.LONGHORN], ("volume",)), _replicas(frames))
    learning.volumes("portworx", project(frames, [signals.PORTWORX], ("volume",)), {})
    return Shared(learning.clients, learning.uses, learning.claims)


def _replicas(frames: Frames) -> dict[str, set[str]]:
    """The disks, as node:path, that the replicas of each Longhorn volume lie on."""
    disks: dict[str, set[str]] = defaultdict(set)
    for volume, node, path in project(frames, [signals.LONGHORN_REPLICA], ("volume", "node", "disk_path")):
        if volume and node and path:
            disks[volume].add(f"{node}:{path.rstrip('/')}")
    return disks


class _Learning:
    """Collects clients, uses and claims by domain."""

    def __init__(self, facts: Facts, finished: Collection[Values]) -> None:
        """`finished` are (namespace, pod, uid) of pods that had ended before the window."""
        self._facts = facts
        self._pods: dict[str, set[tuple[Name, str]]] = defaultdict(set)  # persistent volume → (pod, claim)
        for name, uses in facts.claims.of_pod.items():
            for use in uses:
                volume = facts.claims.bound.get(use.claim)
                if volume and (*name, use.uid) not in finished:
                    self._pods[volume].add((name, use.claim))
        self.clients: dict[Domain, dict[str, Client]] = defaultdict(dict)
        self.uses: dict[tuple[Name, Domain], Use] = {}
        self.claims: dict[Domain, set[str]] = defaultdict(set)

    def nfs(self, frames: Frames) -> None:
        """Exports: mounted by pods as their claims say, and by whoever a mount point names."""
        facts, volumes = self._facts, self._facts.claims.volumes
        exports = {name: export_of(volume) for name, volume in volumes.items()}
        shares = shares_of(volumes.values())
        for name, export in exports.items():
            if export:
                self._claimed(("nfs", share_of(export, shares)), name, Learnt.CLAIM, Sure.CERTAIN)
        counted = facts.nodes.place(project(frames, [signals.NFS], (*TARGET, "export")))
        mounted = {(node, export): Client(node=node) for node, export in counted if export}
        for name, export in exports.items():
            for pod, _ in self._pods[name]:
                self._used(mounted, facts.pods.node_of(pod), export, pod)
        for node, mounts in facts.mounts.by_node.items():
            for mount in mounts.values():
                if (node, mount.device) in mounted:
                    self._mounted(mounted[node, mount.device], mount.mountpoint, share_of(mount.device, shares))
        for (node, export), client in mounted.items():
            self.clients["nfs", share_of(export, shares)][part_key(node, export)] = client

    def ceph_file_systems(self, *, are_counted: bool) -> None:
        """CephFS: the claim's handle names cluster and file system; its I/O is counted by OSD, not by client."""
        for name, volume in self._facts.claims.volumes.items():
            if volume.csi_driver.endswith("cephfs.csi.ceph.com"):
                where = volume.csi_volume_handle[: -UUID_LENGTH - 1] or volume.csi_driver
                self._claimed(("cephfs", where), name, Learnt.CLAIM, Sure.CERTAIN)
                if are_counted:
                    everybody = self.clients["cephfs", where].setdefault("", Client(others=True))
                    everybody.users |= {PodRef(*pod) for pod, _ in self._pods[name]}

    def images(self, frames: Frames) -> None:
        """RBD images of a pool; ceph-csi calls one after the identifier that ends the claim's handle."""
        by_end = {
            volume.csi_volume_handle[-UUID_LENGTH:]: name
            for name, volume in self._facts.claims.volumes.items()
            if volume.csi_driver.endswith("rbd.csi.ceph.com")
        }
        for pool, image in project(frames, [signals.RBD], ("pool", "image")):
            name = by_end.get(image[-UUID_LENGTH:], "")
            self._client(("rbd", pool), part_key(pool, image), name, Sure.CERTAIN)

    def volumes(self, kind: str, found: Iterable[tuple[str, ...]], disks: Mapping[str, Iterable[str]]) -> None:
        """Volumes that are called as their persistent volume is, on the disks that are told, else on any."""
        handles = {v.csi_volume_handle: name for name, v in self._facts.claims.volumes.items() if v.csi_volume_handle}
        for (volume,) in found:
            name = handles.get(volume, volume)
            told = disks.get(volume, ())
            for disk in told:
                self._client((kind, disk), volume, name, Sure.CERTAIN)
            if not told:
                self._client((kind, SYSTEM), volume, name, Sure.LIKELY)

    def _client(self, domain: Domain, key: str, persistent_volume: str, sure: Sure) -> None:
        users = {PodRef(*pod) for pod, _ in self._pods.get(persistent_volume, ())}
        nodes = {self._facts.pods.node_of((user.namespace, user.pod)) for user in users}
        self.clients[domain][key] = Client(users, node=min(nodes) if len(nodes) == 1 else "")
        self._claimed(domain, persistent_volume, Learnt.BACK_END, sure)

    def _claimed(self, domain: Domain, persistent_volume: str, learnt: Learnt, sure: Sure) -> None:
        for pod, claim in sorted(self._pods.get(persistent_volume, ())):
            self.uses.setdefault((pod, domain), Use(learnt, sure, claim))
            self.claims[domain].add(claim)

    @staticmethod
    def _used(mounted: Mapping[tuple[str, str], Client], node: str, export: str, pod: Name) -> None:
        if client := mounted.get((node, export)):
            client.users.add(PodRef(*pod))

    def _mounted(self, client: Client, mountpoint: str, share: str) -> None:
        match = POD_MOUNT.search(mountpoint)
        owner = self._facts.pods.by_uid.get(match["uid"]) if match else None
        if owner is None:
            client.others = True
            return
        name = owner.namespace, owner.pod
        client.users.add(PodRef(*name))
        claim = self._facts.claims.named(name, match["volume"] if match else "")
        self.uses[name, ("nfs", share)] = Use(Learnt.MOUNT, Sure.CERTAIN, claim)


def on_top(
    facts: Facts, vias: Mapping[tuple[Name, Place], str], shared: Shared
) -> Iterator[tuple[Place, Domain, Below]]:
    """Disks of nodes that are the near end of a back end's volume: (place, domain, how that is known).

    By the claim that is mounted from the disk; an rbd or nbd device also by its name, where its pod has one such claim.
    """
    if not shared.claims:
        return
    of_claim: dict[str, list[Domain]] = defaultdict(list)
    for domain, claims in sorted(shared.claims.items()):
        for claim in claims:
            of_claim[claim].append(domain)
    for (_, place), claim in sorted(vias.items()):
        for domain in of_claim.get(claim, ()):
            yield place, domain, Below.CLAIM
    pools: dict[Name, set[Domain]] = defaultdict(set)
    for name, domain in shared.uses:
        if domain[0] == "rbd":
            pools[name].add(domain)
    for pod, node, disk in sorted(each for each in facts.io.seen if each[2].startswith(("rbd", "nbd"))):
        if len(pools.get(pod, ())) == 1:
            yield (node, disk), min(pools[pod]), Below.NAME
