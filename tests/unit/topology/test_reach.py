"""Whom a look reaches: everybody who may queue for the same thing, on whatever node."""

from correlator.model.topology import Below, Edge, Layer, Learnt, Part, Pod, PodRef, Sure, Topology, Volume
from correlator.topology.reach import Reach, reach

VICTIM, NEIGHBOUR, FAR, NEEDED, STRANGER = (PodRef("n", name) for name in ("victim", "near", "far", "db", "other"))
UNPLACED = PodRef("jobs", "new")


def volume(identity: str, node: str = "", kind: str = "disk") -> Volume:
    """A volume called as its id."""
    return Volume(id=identity, name=identity, kind=kind, node=node, device=identity)


def edges(**users: tuple[PodRef, ...]) -> tuple[Edge, ...]:
    """Who uses what."""
    return tuple(Edge(pod=pod, volume_id=each, learnt=Learnt.CLAIM) for each, pods in users.items() for pod in pods)


def topology(*volumes: Volume, uses: tuple[Edge, ...], **more: object) -> Topology:
    """With pods on the nodes n1, n2 and n3."""
    nodes = {VICTIM: "n1", NEIGHBOUR: "n1", FAR: "n2", NEEDED: "n3", STRANGER: "n4", UNPLACED: ""}
    pods = {ref: Pod(ref=ref, node=node) for ref, node in nodes.items()}
    return Topology(pods=pods, volumes={each.id: each for each in volumes}, edges=uses, **more)  # type: ignore[arg-type]


def test_a_disk_of_its_node_reaches_no_other_node() -> None:
    """Nor pods that use another disk elsewhere."""
    uses = edges(sda=(VICTIM, NEIGHBOUR), sdz=(STRANGER,))
    found = reach(topology(volume("sda", "n1"), volume("sdz", "n4"), uses=uses), [VICTIM])
    assert found == Reach(frozenset({"n1"}), frozenset())


def test_a_shared_back_end_reaches_all_its_users() -> None:
    """Those whose node is not known are told."""
    uses = edges(share=(VICTIM, FAR, UNPLACED))
    found = reach(topology(volume("share", kind="nfs"), uses=uses), [VICTIM])
    assert found == Reach(frozenset({"n1", "n2"}), frozenset({UNPLACED}))


def test_clients_that_no_edge_names_are_reached() -> None:
    """A node's mount of an export, and a pod behind an image."""
    clients = (Part(doer=PodRef.of_node("n7")), Part(doer=FAR), Part(doer=None, users=frozenset({STRANGER})))
    parts = {"share": {str(number): client for number, client in enumerate(clients)}}
    uses = edges(share=(VICTIM,))
    found = reach(topology(volume("share", kind="nfs"), uses=uses, parts=parts), [VICTIM])
    assert found.nodes == {"n1", "n2", "n4", "n7"}


def test_what_a_victim_needs_is_reached() -> None:
    """One hop."""
    uses = edges(sda=(VICTIM,), sdb=(NEEDED,))
    made = topology(volume("sda", "n1"), volume("sdb", "n3"), uses=uses, depends_on={VICTIM: (NEEDED,)})
    assert reach(made, [VICTIM]).nodes == {"n1", "n3"}


def test_layers_lead_from_the_near_end_to_all_users_of_the_back_end() -> None:
    """The victim is seen on its rbd device; others lie on the same pool."""
    below = {"rbd0": (Layer(volume_id="pool", learnt=Below.CLAIM, sure=Sure.CERTAIN),)}
    uses = edges(rbd0=(VICTIM,), pool=(FAR,))
    found = reach(topology(volume("rbd0", "n1"), volume("pool", kind="rbd"), uses=uses, below=below), [VICTIM])
    assert found.nodes == {"n1", "n2"}


def test_a_ceph_file_system_reaches_the_images_that_its_disks_serve_too() -> None:
    """Their clients count as suspects there."""
    uses = edges(fs=(VICTIM,), pool=(FAR,))
    found = reach(topology(volume("fs", kind="cephfs"), volume("pool", kind="rbd"), uses=uses), [VICTIM])
    assert found.nodes == {"n1", "n2"}
