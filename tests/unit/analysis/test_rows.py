"""Rows by what their labels say: right, made once, and never mixed up."""

from dataclasses import replace

from correlator.analysis.rows import (
    KEPT,
    Groups,
    Rows,
    by_node,
    by_pod,
    by_pod_on_volume,
    by_target,
    by_volume,
    kept,
    label,
    of_containers,
    of_devices,
)
from correlator.model.frame import labels_of
from correlator.model.topology import PodRef, Topology, Volume

DISK = Volume(id="v1", name="n1/sda", kind="disk", node="n1", device="sda")
TOPOLOGY = Topology(
    volumes={"v1": DISK},
    node_of_instance={"k1": "n1", "k2": "n2"},
    volume_of_device={("n1", "sda"): "v1", ("n1", "sda1"): "v1", ("n1", "/dev/sda"): "v1"},
)


def rows(*series: dict[str, str]) -> Rows:
    """A new object each time, as after a change of rows."""
    return tuple(labels_of(pairs) for pairs in series)


def pod(name: str, container: str, instance: str = "k1", device: str = "/dev/sda") -> dict[str, str]:
    """A series of a pod's I/O."""
    return {"namespace": "a", "pod": name, "container": container, "instance": instance, "device": device}


def test_a_label_that_is_not_there_is_empty() -> None:
    """As Prometheus has it."""
    assert label((("a", "1"),), "a") == "1"
    assert label((("a", "1"),), "b") == ""


def test_groups_give_back_their_rows_in_order() -> None:
    """An unknown key has none."""
    groups = Groups.of(["x", "y", "x"])
    assert groups.rows("x").tolist() == [0, 2]
    assert groups.rows("y").tolist() == [1]
    assert groups.rows("z").tolist() == []
    assert by_target(rows()).rows("x").tolist() == []


def test_rows_are_found_by_target_pod_node_and_volume() -> None:
    """What cannot be placed has an empty name."""
    found = rows(pod("p", ""), pod("p", "main"), pod("q", "main", "k2"), {"pod": "r"})
    assert list(by_target(found).code) == ["k1", "k2", ""]
    assert by_pod(found).rows(PodRef("a", "p")).tolist() == [0, 1]
    assert of_containers(found).tolist() == [False, True, True, False]
    assert by_node(found, TOPOLOGY).rows("n2").tolist() == [2]
    assert by_volume(found, TOPOLOGY).rows("v1").tolist() == [0, 1]
    assert by_volume(found, TOPOLOGY).rows("").tolist() == [2, 3]
    assert by_pod_on_volume(found, TOPOLOGY).rows(("v1", PodRef("a", "p"), "/dev/sda")).tolist() == [0, 1]


def test_a_partition_is_not_the_counter_of_its_disk() -> None:
    """It lies on the same volume all the same."""
    found = rows({"instance": "k1", "device": "sda"}, {"instance": "k1", "device": "sda1"})
    assert by_volume(found, TOPOLOGY).rows("v1").tolist() == [0, 1]
    assert of_devices(found, TOPOLOGY) == {"v1": 0}
    assert of_devices(found[1:], TOPOLOGY) == {}


def test_a_table_is_made_once_for_the_same_labels_and_topology() -> None:
    """Equal ones are not asked whether they are equal: that would take as long as a new table."""
    found = rows(pod("p", ""))
    assert by_pod(found) is by_pod(found)
    assert by_volume(found, TOPOLOGY) is by_volume(found, TOPOLOGY)
    assert by_pod(rows(pod("p", ""))) is not by_pod(found)


def test_another_topology_gives_another_table_and_the_first_one_its_own_again() -> None:
    """Whatever was asked before."""
    found = rows(pod("p", ""))
    moved = replace(TOPOLOGY, node_of_instance={"k1": "n9"})
    answers = [list(by_node(found, topology).code) for topology in (TOPOLOGY, moved, TOPOLOGY)]
    assert answers == [["n1"], ["n9"], ["n1"]]


def test_no_more_than_some_tables_are_kept() -> None:
    """The oldest is made anew when it is asked for again."""
    made = []

    @kept
    def table(asked: Rows) -> int:
        made.append(asked)
        return len(asked)

    many = [rows({"pod": str(number)}) for number in range(KEPT + 1)]
    for each in [*many, many[-1], many[0]]:
        assert table(each) == 1
    assert len(made) == KEPT + 2
