"""All that a window tells: nodes, disks, mounts, pods, claims, I/O, victims, each read by its own rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from correlator.model.frame import Frames
from correlator.model.topology import victim_ref
from correlator.topology import claims, inout, mounts, nodes, pods, signals
from correlator.topology.disks import Disks, Sightings, learn_disks
from correlator.topology.handles import named_disks
from correlator.topology.pods import Name, PodFacts, Uid
from correlator.topology.projection import project

VICTIM_LABELS = ("namespace", "pod", "instance", "node")
DISK_LABELS = (*nodes.TARGET, "device")
INFO_LABELS = (*DISK_LABELS, "major", "minor", "serial")
MOUNT_LABELS = (*nodes.TARGET, *mounts.MOUNT_LABELS)
MAPPER_LABELS = (*DISK_LABELS, "name", "vg_name", "lv_name")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules found; `victims` maps each victim to the newest (instance, node) of its series.

    `named_disks` maps (node, what a persistent volume may be called) to the disk: see `handles`.
    """

    pods: PodFacts
    started_at: Mapping[Uid, float]
    nodes: nodes.Nodes
    disks: Disks
    mounts: mounts.Mounts
    io: inout.PodIo
    claims: claims.Claims
    victims: Mapping[Name, tuple[str, str]]
    named_disks: Mapping[tuple[str, str], str]


def learn_facts(frames: Frames) -> Facts:
    """Read a window: nodes first, since devices are named on nodes, and disks before what lies on them."""
    started_at = pods.start_times(frames.get(signals.POD_START_TIME))
    known_nodes = project(frames, [signals.NODE_INFO], pods.NODE_LABELS)
    pod_facts = pods.learn_pods(project(frames, [signals.POD_INFO], pods.POD_LABELS), started_at, known_nodes.keys())
    pod_io = project(frames, (*signals.POD_IO, signals.POD_DEVICE_USAGE), inout.USE_LABELS)
    counters = project(frames, signals.DISK_COUNTERS, DISK_LABELS)
    mounts_found = project(frames, [signals.MOUNT_INFO, signals.FILESYSTEM_SIZE], MOUNT_LABELS)
    others = project(frames, [*signals.NODE_PRESSURE, signals.NODE_NAME], nodes.TARGET)
    clues = nodes.Clues(
        exporter=chain(counters.items(), mounts_found.items(), others.items()),
        names=project(frames, [signals.NODE_NAME], ("instance", "nodename")),
        cadvisor=pod_io.items(),
        heartbeats=[instance for (instance,) in project(frames, [signals.POD_IO_HEARTBEAT], ("instance",))],
    )
    found_nodes = nodes.learn_nodes(clues, pod_facts)
    used = inout.uses(pod_io, found_nodes)
    mounted = found_nodes.place(mounts_found)
    infos = found_nodes.place(project(frames, [signals.DISK_INFO], INFO_LABELS)).keys()
    mappings = found_nodes.place(project(frames, [signals.DISK_MAPPER_INFO], MAPPER_LABELS)).keys()
    sightings = Sightings(
        counters=found_nodes.place(counters).keys(),
        infos={values[:4] for values in infos},
        mappings=mappings,
        mounts=mounted.keys(),
        used={(use.node, use.device, use.number) for use in used},
    )
    disks = learn_disks(sightings)
    return Facts(
        pods=pod_facts,
        started_at=started_at,
        nodes=found_nodes,
        disks=disks,
        mounts=mounts.learn_mounts(mounted, disks),
        io=inout.learn_io(used, disks),
        claims=claims.learn_claims(
            project(frames, [signals.POD_CLAIMS], claims.USED_LABELS),
            project(frames, [signals.CLAIM_INFO], claims.BOUND_LABELS),
            project(frames, [signals.PERSISTENT_VOLUME_INFO], claims.VOLUME_LABELS),
        ),
        victims=_victims(frames),
        named_disks=named_disks(infos, mappings, disks),
    )


def _victims(frames: Frames) -> dict[Name, tuple[str, str]]:
    """The pods whose first tokens are watched."""
    found = project(frames, [signals.TTFT_COUNT], VICTIM_LABELS)
    victims = {}
    for values, _ in sorted(found.items(), key=lambda one: one[::-1]):
        ref = victim_ref(dict(zip(VICTIM_LABELS, values, strict=True)))
        victims[ref.namespace, ref.pod] = (values[2], values[3])
    return victims
