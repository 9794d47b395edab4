"""Whole installs, as people have them."""

from correlator.model.topology import PodRef, Topology, volume_of
from correlator.topology import join
from tests.unit.topology.exporters import (
    Part,
    bound,
    claim,
    device_usage,
    disks,
    edges,
    file_system,
    frames,
    pod_info,
    pod_io,
    series,
    together,
    victim,
)


def stack_node(number: int) -> Part:
    """One node as kube-prometheus-stack scrapes it: no label node on node_exporter, kubelet's folder hidden."""
    address, node, own = f"10.0.0.{number}", f"n{number}", f"ne-{number}"
    exporter = f"{address}:9100"
    labels = {"namespace": "monitoring", "pod": own}
    return together(
        disks(exporter, "nvme0n1", "nvme1n1", pod=own),
        file_system(exporter, "/", "/dev/nvme0n1p1", "259:1", **labels),
        series("node_name", instance=exporter, nodename=node, **labels),
        series("pod_io_heartbeat", instance=f"{address}:10250"),
        pod_info(f"monitoring/{own}", node, address=address),
    )


def test_kube_prometheus_stack_as_it_comes() -> None:
    """Without kubelet mounts cAdvisor's I/O makes the edges; a silent CSI claim stays a blind spot with the flag."""
    topology = join(
        frames(
            stack_node(1),
            stack_node(2),
            pod_info("ml/vllm-0", "n1"),
            pod_info("rag/reindex", "n1"),
            pod_info("db/pg-0", "n2"),
            claim("ml/vllm-0", "models"),
            bound("ml/models", "pvc-1", csi_driver="ebs.csi.aws.com"),
            claim("db/pg-0", "data"),
            bound("db/data", "pvc-2", csi_driver="ebs.csi.aws.com"),
            claim("rag/reindex", "scratch"),
            bound("rag/scratch", "pv-3", local_path="/opt/local-path-provisioner/pv-3"),
            victim(namespace="ml", pod="vllm-0", instance="10.244.0.7:8000"),
            pod_io("ml/vllm-0", "/dev/nvme1n1"),
            pod_io("rag/reindex", "/dev/nvme1n1"),
        )
    )
    assert edges(topology) == {
        ("ml/vllm-0", "n1/nvme1n1", "io_seen", ""),
        ("rag/reindex", "n1/nvme1n1", "io_seen", ""),
        ("rag/reindex", "n1/nvme0n1", "claim", "rag/scratch"),
    }
    assert topology.unmapped.keys() == {PodRef("db", "pg-0")}
    assert "--collector.filesystem.mount-points-exclude" in topology.unmapped[PodRef("db", "pg-0")]
    assert topology.node_of_instance == {
        "10.0.0.1:9100": "n1",
        "10.0.0.2:9100": "n2",
        "10.0.0.1:10250": "n1",
        "10.0.0.2:10250": "n2",
        "10.244.0.7:8000": "n1",
    }


def test_k3s_without_node_labels() -> None:
    """k3s serves the kubelet's series on several ports and gives them no node: each pod still has one edge."""
    topology = join(
        frames(
            disks("192.168.1.5:9100", "sda"),
            series("node_name", instance="192.168.1.5:9100", nodename="pi"),
            pod_info("ml/vllm-0", "pi", address="192.168.1.5"),
            pod_io("ml/vllm-0", "/dev/sda", instance="192.168.1.5:10250", node=""),
            pod_io("ml/vllm-0", "/dev/sda", instance="192.168.1.5:6443", node=""),
        )
    )
    assert edges(topology) == {("ml/vllm-0", "pi/sda", "io_seen", "")}


def test_home_server_without_kubernetes() -> None:
    """One machine, node_exporter, a server scraped by address: disks and node are known, and what is blind is said."""
    topology = join(
        frames(
            disks("localhost:9100", "nvme0n1"),
            series("node_name", instance="localhost:9100", nodename="homebox"),
            victim(instance="localhost:8000"),
        )
    )
    (volume,) = topology.volumes.values()
    assert (volume.name, volume.node, volume.device) == ("homebox/nvme0n1", "homebox", "nvme0n1")
    assert topology.unmapped.keys() == {PodRef("", "localhost:8000")}


def test_hostile_labels_are_only_names() -> None:
    """Quotes, markup, newlines, separators and other scripts in labels are kept as they are and confuse nothing."""
    names = ['"><script>alert(1)</script>', "a\nb", "Ünï/ñode", "n1\0sda", "{{ x }}", "../../etc"]
    topology = join(
        frames(
            *(disks(f"{name}:9100", "sda", node=name) for name in names),
            *(pod_io(f"x/{name}", "/dev/sda", instance=f"{name}:10250", node=name) for name in names),
        )
    )
    assert {(edge.pod.pod, topology.volumes[edge.volume_id].node) for edge in topology.edges} == {
        (name, name) for name in names
    }
    assert len(topology.volumes) == len(names)


def test_devices_of_the_same_name_on_two_nodes() -> None:
    """The disk sda of one node is not the sda of another."""
    topology = join(
        frames(
            disks("n1:9100", "sda"),
            disks("n2:9100", "sda"),
            pod_io("a/x", "/dev/sda", instance="n1:10250", node="n1"),
            pod_io("b/y", "/dev/sda", instance="n2:10250", node="n2"),
            device_usage("b/y", "/dev/sda", "8:0", instance="n2:10250", node="n2"),
        )
    )
    assert {edge[:2] for edge in edges(topology)} == {("a/x", "n1/sda"), ("b/y", "n2/sda")}
    assert volume_of({"node": "n1", "device": "/dev/sda"}, topology) != volume_of(
        {"node": "n2", "device": "/dev/sda"}, topology
    )


def test_empty_window() -> None:
    """Nothing in, nothing out."""
    assert join(frames()) == Topology()


def test_edges_are_sorted() -> None:
    """Edges and pods come by namespace, pod and volume, so that equal windows print equally."""
    topology = join(
        frames(*(pod_io(f"{namespace}/{pod}", "/dev/sda") for namespace in ("b", "a") for pod in ("y", "x")))
    )
    assert [str(edge.pod) for edge in topology.edges] == ["a/x", "a/y", "b/x", "b/y"]
    assert list(topology.pods) == sorted(topology.pods)
