"""Pods without an edge, and why."""

import pytest

from correlator.model.topology import PodRef
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
    together,
    victim,
)

N1 = "10.0.0.1:9100"
PG = PodRef("db", "pg-0")
NODE = together(
    disks(N1, "sda", node="n1"),
    pod_info("db/pg-0", "n1"),
    pod_io("kube-system/agent", "/dev/sda", node="n1"),
)
CLAIMING = together(NODE, claim("db/pg-0", "data"))


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([CLAIMING], "kube_persistentvolumeclaim_info does not tell its volume"),
        (
            [CLAIMING, {"claim_info": bound("db/data", "pv-1")["claim_info"]}],
            "kube_persistentvolume_info does not tell where volume pv-1 lives",
        ),
        (
            [CLAIMING, bound("db/data", "pv-1", csi_driver="ebs.csi.aws.com")],
            "volume pv-1 (driver ebs.csi.aws.com) has no mount point in node_filesystem_mount_info",
        ),
        (
            [CLAIMING, bound("db/data", "pv-1", local_path="/data")],
            "node_filesystem_size_bytes shows no file system of node n1 that holds /data",
        ),
        (
            [CLAIMING, bound("db/data", "pv-1", local_path="/data"), file_system(N1, "/", "/dev/root")],
            "/data lies on /dev/root, and nothing tells which disk of node n1",
        ),
        (
            [claim("db/pg-0", "data"), bound("db/data", "pv-1", local_path="/data")],
            "/data lies on the pod's node, which kube_pod_info does not tell",
        ),
        ([NODE, pod_io("db/pg-0", "")], "a device without a name"),
        ([NODE, pod_io("db/pg-0", ""), device_usage("db/pg-0", "", "259:7")], "259:7"),
        (
            [disks(N1, "sda", node="n1"), pod_info("db/pg-0", "n1"), claim("db/pg-0", "data")],
            "no container_fs_reads_total from node n1: scrape its kubelet's /metrics/cadvisor",
        ),
        ([victim(namespace="db", pod="pg-0", instance="x:1")], "its node is unknown: kube_pod_info"),
    ],
)
def test_reason_names_what_is_missing(parts: list[Part], says: str) -> None:
    """A pod that cannot be mapped is a blind spot whose reason names the broken link and the series that mends it."""
    topology = join(frames(*parts))
    assert not {edge for edge in edges(topology) if edge[0] == "db/pg-0"}
    assert says in topology.unmapped[PG]


def test_quiet_victim_on_a_seen_node_is_not_blind() -> None:
    """Where cAdvisor sees the node, a victim without I/O and claims uses no volume: that is knowledge."""
    topology = join(frames(NODE, victim(namespace="db", pod="pg-0", instance="x:1")))
    assert PG not in topology.unmapped
    assert PG in topology.pods


def test_plain_scrape_is_blind() -> None:
    """A victim without pod labels cannot be found in cAdvisor's series: the reason says which labels to give."""
    topology = join(frames(NODE, victim(instance="10.0.0.1:8000")))
    assert "give the scrape target the labels `namespace` and `pod`" in topology.unmapped[PodRef("", "10.0.0.1:8000")]


def test_long_lists_of_claims_are_cut() -> None:
    """A pod with many claims gets a reason that people still read."""
    topology = join(frames(NODE, *(claim("db/pg-0", f"data-{number}") for number in range(9))))
    assert "and 6 more claims" in topology.unmapped[PG]


def test_mapped_pod_has_no_reason() -> None:
    """An edge, however it was learnt, is no blind spot."""
    assert join(frames(CLAIMING, pod_io("db/pg-0", "/dev/sda"))).unmapped == {}
