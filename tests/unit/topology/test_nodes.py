"""Instances become nodes."""

import pytest

from correlator.model.topology import PodRef, Topology, node_of
from correlator.topology import join
from correlator.topology.nodes import host_of
from tests.unit.topology.exporters import (
    disks,
    edges,
    frames,
    names,
    pod_info,
    pod_io,
    series,
    victim,
)


@pytest.mark.parametrize(
    ("instance", "host"),
    [
        ("10.0.0.1:9100", "10.0.0.1"),
        ("n1", "n1"),
        ("[fd00::1]:9100", "fd00::1"),
        ("fd00::1", "fd00::1"),
        ("box.lan:9100", "box.lan"),
        (":9100", ":9100"),
    ],
)
def test_host_of_an_instance(instance: str, host: str) -> None:
    """The host is the instance without its port, whatever kind of address it is."""
    assert host_of(instance) == host


def test_node_label_comes_first() -> None:
    """A target that was given the label `node` is on that node, whatever the host calls itself."""
    topology = join(
        frames(disks("10.0.0.1:9100", "sda", node="n1"), series("node_name", instance="10.0.0.1:9100", nodename="box"))
    )
    assert names(topology) == {"n1/sda"}


def test_uname_names_the_node() -> None:
    """Without a node label node_uname_info's nodename names the node, as on a home server without Kubernetes."""
    topology = join(
        frames(disks("localhost:9100", "sda"), series("node_name", instance="localhost:9100", nodename="homebox"))
    )
    assert names(topology) == {"homebox/sda"}
    assert topology.node_of_instance["localhost:9100"] == "homebox"


def test_address_of_a_node_names_it_without_any_pod() -> None:
    """kube_node_info tells whose address a target has, although no pod of that node is known."""
    topology = join(frames(disks("10.0.0.1:9100", "sda"), series("node_info", node="n1", internal_ip="10.0.0.1")))
    assert names(topology) == {"n1/sda"}


def test_own_pod_of_the_exporter_names_the_node() -> None:
    """node_exporter's labels pod and namespace are its own: pod_info tells where it runs. It is no user of disks."""
    topology = join(
        frames(disks("10.0.0.1:9100", "sda", pod="ne-abc"), pod_info("monitoring/ne-abc", "n1", address="10.0.0.9"))
    )
    assert names(topology) == {"n1/sda"}
    assert topology.pods == {}


def test_address_of_the_node_names_it() -> None:
    """A node_exporter outside of Kubernetes' pods is placed by its address, which pod_info has as host_ip."""
    topology = join(frames(disks("10.0.0.1:9100", "sda"), pod_info("shop/web", "n1", address="10.0.0.1")))
    assert names(topology) == {"n1/sda"}


def test_host_stands_for_the_node() -> None:
    """Where nothing else is known the host of the instance is the node."""
    assert names(join(frames(disks("nas.lan:9100", "sda")))) == {"nas.lan/sda"}


def test_name_that_kubernetes_knows_wins() -> None:
    """A host that calls itself otherwise than Kubernetes does gets the name under which its pods are known."""
    topology = join(
        frames(
            disks("10.0.0.1:9100", "sda"),
            series("node_name", instance="10.0.0.1:9100", nodename="ip-10-0-0-1"),
            pod_info("shop/web", "ip-10-0-0-1.ec2.internal", address="10.0.0.1"),
        )
    )
    assert names(topology) == {"ip-10-0-0-1.ec2.internal/sda"}


def test_kubelet_beside_names_the_node() -> None:
    """Without kube-state-metrics the label node of cAdvisor's target names the exporter of the same address."""
    topology = join(
        frames(disks("10.0.0.1:9100", "sda"), pod_io("shop/web", "/dev/sda", instance="10.0.0.1:10250", node="n1"))
    )
    assert edges(topology) == {("shop/web", "n1/sda", "io_seen", "")}


def test_pods_name_the_node_of_a_kubelet() -> None:
    """k3s: cAdvisor's target has no label node; the pods it shows run on the node that it speaks of."""
    topology = join(
        frames(
            disks("10.0.0.1:9100", "sda", pod="ne-1"),
            pod_info("monitoring/ne-1", "n1"),
            pod_info("shop/web", "n1"),
            pod_io("shop/web", "/dev/sda", instance="k3s:10250", node=""),
        )
    )
    assert edges(topology) == {("shop/web", "n1/sda", "io_seen", "")}
    assert topology.node_of_instance["k3s:10250"] == "n1"


def test_moved_pod_does_not_move_its_kubelet() -> None:
    """A pod that was re-created elsewhere does not take the kubelet that once showed it along."""
    topology = join(
        frames(
            disks("n1:9100", "sda"),
            disks("n2:9100", "sda"),
            pod_info("shop/web", "n1"),
            pod_info("db/pg-0", "n1", uid="old", last=3),
            pod_info("db/pg-0", "n2", uid="new", first=4),
            pod_io("shop/web", "/dev/sda", instance="10.0.0.1:10250", node=""),
            pod_io("db/pg-0", "/dev/sda", instance="10.0.0.1:10250", node="", last=3),
            pod_io("db/pg-0", "/dev/sda", instance="10.0.0.2:10250", node="", first=4),
            pod_info("shop/cart", "n2"),
            pod_io("shop/cart", "/dev/sda", instance="10.0.0.2:10250", node=""),
        )
    )
    assert topology.node_of_instance == {
        "n1:9100": "n1",
        "n2:9100": "n2",
        "10.0.0.1:10250": "n1",
        "10.0.0.2:10250": "n2",
    }
    assert {edge[:2] for edge in edges(topology) if edge[0] == "db/pg-0"} == {
        ("db/pg-0", "n1/sda"),
        ("db/pg-0", "n2/sda"),
    }


def test_instance_of_several_nodes_is_left_out() -> None:
    """Behind one address may be several nodes (a proxy): then each row goes by its own pod."""
    topology = join(
        frames(
            disks("n1:9100", "sda"),
            disks("n2:9100", "sda"),
            pod_info("shop/web", "n1"),
            pod_info("shop/cart", "n2"),
            pod_io("shop/web", "/dev/sda", instance="proxy:443", node=""),
            pod_io("shop/cart", "/dev/sda", instance="proxy:443", node=""),
        )
    )
    assert "proxy:443" not in topology.node_of_instance
    assert {edge[:2] for edge in edges(topology)} == {("shop/web", "n1/sda"), ("shop/cart", "n2/sda")}
    assert node_of({"instance": "proxy:443", "namespace": "shop", "pod": "cart"}, topology) == "n2"


def test_agents_that_all_scrape_localhost() -> None:
    """Agents that push give all targets one instance; the label node keeps their disks apart."""
    topology = join(frames(disks("localhost:9100", "sda", node="n1"), disks("localhost:9100", "sda", node="n2")))
    assert names(topology) == {"n1/sda", "n2/sda"}
    assert "localhost:9100" not in topology.node_of_instance


def test_relabelled_target_keeps_its_newest_name() -> None:
    """An instance whose label node changed in the window has the newest one."""
    topology = join(frames(disks("x:9100", "sda", node="old", last=3), disks("x:9100", "sda", node="new")))
    assert topology.node_of_instance["x:9100"] == "new"


def test_kubelet_is_known_by_its_heartbeat() -> None:
    """A cAdvisor target that shows no pod at all still has a node, by its address."""
    topology = join(
        frames(series("pod_io_heartbeat", instance="10.0.0.1:10250"), pod_info("shop/web", "n1", address="10.0.0.1"))
    )
    assert topology.node_of_instance["10.0.0.1:10250"] == "n1"


def test_victim_of_a_plain_scrape_is_on_the_node_beside_it() -> None:
    """A server scraped without pod labels is named by its instance, and lives where the exporter of its host does."""
    topology = join(
        frames(
            disks("localhost:9100", "sda"),
            series("node_name", instance="localhost:9100", nodename="homebox"),
            victim(instance="localhost:8000"),
        )
    )
    assert topology.pods[PodRef("", "localhost:8000")].node == "homebox"
    assert node_of({"instance": "localhost:8000"}, topology) == "homebox"


def test_nothing_known() -> None:
    """A series that no target and no pod explains is on no node."""
    assert node_of({"instance": "x", "namespace": "a", "pod": "b"}, Topology()) == ""
