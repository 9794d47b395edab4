"""What holds of every join: order of rows means nothing, and more knowledge takes no edge away."""

import random

from hypothesis import given
from hypothesis import strategies as st

from correlator.model.topology import Learnt, Topology
from correlator.topology import join, signature
from tests.unit.topology.exporters import (
    Part,
    bound,
    claim,
    device_usage,
    disks,
    file_system,
    frames,
    later,
    pod_info,
    pod_io,
    series,
    shuffled,
    together,
    victim,
)

PODS = ["db/pg-0", "ml/vllm-0", "rag/index"]
DEVICES = ["sda", "nvme1n1", "dm-0"]
SPELLINGS = ["/dev/sda", "/dev/sda1", "nvme1n1", "/dev/mapper/vg-lv", "", "/dev/loop3", "tmpfs"]
NUMBERED = [*zip(SPELLINGS, ["8:0", "8:0", "259:1", "253:0", "8:0", "7:3", "0:44"], strict=True), ("", "253:0")]
NODES = ["n1", "n2"]


def node(name: str) -> Part:
    """A node with three disks, of which two have a number."""
    exporter = f"{name}:9100"
    return together(
        disks(exporter, *DEVICES, pod=f"ne-{name}"),
        series("disk_info", instance=exporter, device="sda", major="8", minor="0"),
        series("disk_info", instance=exporter, device="dm-0", major="253", minor="0"),
        file_system(exporter, "/", "/dev/sda1"),
        file_system(exporter, "/data", "/dev/nvme1n1"),
        pod_info(f"monitoring/ne-{name}", name),
    )


GROUND = together(*(node(name) for name in NODES), *(pod_info(pod, NODES[at % 2]) for at, pod in enumerate(PODS)))

spans = st.tuples(st.integers(0, 7), st.integers(0, 7)).map(sorted)


@st.composite
def sayings(draw: st.DrawFn) -> Part:
    """One more thing that an exporter may say: I/O, a number, a mount, a claim or a victim."""
    pod = draw(st.sampled_from(PODS))
    name = NODES[PODS.index(pod) % 2]
    kubelet = {"instance": f"{name}:10250", "node": draw(st.sampled_from([name, ""]))}
    first, last = draw(spans)
    folder = f"/var/lib/kubelet/pods/uid-{pod.partition('/')[2]}/volumes/x/data"
    namespace = pod.partition("/")[0]
    return draw(
        st.one_of(
            st.builds(
                lambda device: pod_io(pod, device, **kubelet, first=first, last=last), st.sampled_from(SPELLINGS)
            ),
            st.builds(lambda named: device_usage(pod, *named, **kubelet), st.sampled_from(NUMBERED)),
            st.builds(lambda device: file_system(f"{name}:9100", folder, device), st.sampled_from(SPELLINGS[:3])),
            st.builds(
                lambda path: together(
                    claim(pod, "data"), bound(f"{namespace}/data", f"pv-{namespace}", local_path=path)
                ),
                st.just(f"/data/{namespace}"),
            ),
            st.just(victim(namespace=namespace, pod=pod.partition("/")[2], instance=f"{name}:8000")),
        )
    )


@given(st.lists(sayings(), max_size=12), st.randoms(use_true_random=False))
def test_order_of_rows_means_nothing(said: list[Part], dice: random.Random) -> None:
    """Rows in any order give the same topology, to the last alias."""
    window = frames(GROUND, *said)
    order = {
        signal: dice.sample(range(len(each.labels)), len(each.labels)) for signal, each in window.by_signal.items()
    }
    assert join(shuffled(window, order)) == join(window)


@given(st.lists(sayings(), max_size=12), st.data())
def test_more_knowledge_takes_no_edge_away(said: list[Part], data: st.DataObject) -> None:
    """With nodes, disks and file systems given, each further row keeps all edges, and none is learnt less surely."""
    some = data.draw(st.lists(st.sampled_from(said), unique_by=id)) if said else []
    fewer, more = _learnt(join(frames(GROUND, *some))), _learnt(join(frames(GROUND, *said)))
    assert fewer.keys() <= more.keys()
    assert all(SURENESS.index(more[edge]) <= SURENESS.index(learnt) for edge, learnt in fewer.items())


@given(st.lists(sayings(), max_size=12))
def test_all_that_is_named_exists(said: list[Part]) -> None:
    """Edges, aliases and reasons speak of pods and volumes that are there, and no pod has both edge and reason."""
    topology = join(frames(GROUND, *said))
    assert {edge.volume_id for edge in topology.edges} <= topology.volumes.keys()
    assert (
        set(topology.volume_of_device.values()) | set(topology.volume_of_nameless.values()) <= topology.volumes.keys()
    )
    assert {edge.pod for edge in topology.edges} | topology.unmapped.keys() <= topology.pods.keys()
    assert not {edge.pod for edge in topology.edges} & topology.unmapped.keys()
    assert all(reason for reason in topology.unmapped.values())


@given(st.lists(sayings(), max_size=8), st.data(), st.integers(0, 3))
def test_equal_signatures_have_equal_topologies(said: list[Part], data: st.DataObject, moved: int) -> None:
    """A caller may keep a join as long as the signature stays, while the window moves and rows come and go."""
    some = data.draw(st.lists(st.sampled_from(said), unique_by=id)) if said else []
    first, second = frames(GROUND, *said), later(frames(GROUND, *some), moved)
    assert signature(first) != signature(second) or join(first) == join(second)


SURENESS = list(Learnt)


def _learnt(topology: Topology) -> dict[tuple[str, str], Learnt]:
    """(pod, volume) → how it was learnt."""
    return {(str(edge.pod), edge.volume_id): edge.learnt for edge in topology.edges}
