"""The signature tells when a join may be kept."""

from collections.abc import Callable

import pytest

from correlator.topology import signature
from tests.unit.topology.exporters import Part, disks, frames, later, pod_info, pod_io, series, timed, together

STARTED = {"namespace": "db", "pod": "pg-0", "uid": "uid-pg-0"}
NAMES: Part = together(
    disks("10.0.0.1:9100", "sda", pod="ne"),
    pod_info("monitoring/ne", "n1"),
    pod_info("db/pg-0", "n0", uid="old", last=2),
    pod_io("db/pg-0", "/dev/sda"),
    timed("pod_start_time", STARTED, 5.0),
)


def test_quiet_cluster_keeps_its_signature() -> None:
    """While the window moves and nothing comes or goes, the signature stays, though a dead pod is still in it."""
    window = frames(NAMES)
    assert signature(later(window, 1)) == signature(window)
    assert hash(signature(later(window, 1))) == hash(signature(window))


def test_dead_row_that_leaves_the_window_changes_it() -> None:
    """When the last value of a row has left the window, the topology may be another."""
    window = frames(NAMES)
    assert signature(later(window, 3)) != signature(window)


def test_counters_that_grow_do_not_change_it() -> None:
    """Values of counters are no part of a topology."""
    own = {"instance": "10.0.0.1:9100", "namespace": "monitoring", "pod": "ne", "device": "sda"}
    assert signature(frames(NAMES, timed("disk_reads", own, 99.0))) == signature(frames(NAMES))


@pytest.mark.parametrize(
    "change",
    [
        lambda: pod_io("shop/web", "/dev/sda"),
        lambda: pod_io("db/pg-0", "/dev/sda", last=5),
        lambda: pod_info("db/pg-0", "n1", first=3),
        lambda: timed("pod_start_time", STARTED, 6.0),
        lambda: series("node_name", instance="10.0.0.1:9100", nodename="box"),
    ],
)
def test_what_may_change_the_topology_changes_it(change: Callable[[], Part]) -> None:
    """A new row, a row that ends, a newer incarnation, another start: each changes the signature."""
    assert signature(frames(NAMES, change())) != signature(frames(NAMES))


def test_order_of_death_matters() -> None:
    """Which of two dead rows lived longer decides about the newest, so it is in the signature."""
    one = frames(NAMES, pod_info("a/x", "n1", uid="1", last=2), pod_info("a/x", "n2", uid="2", last=4))
    two = frames(NAMES, pod_info("a/x", "n1", uid="1", last=4), pod_info("a/x", "n2", uid="2", last=2))
    assert signature(one) != signature(two)


def test_nothing_has_a_signature() -> None:
    """An empty window has one, too."""
    assert signature(frames()) == signature(frames())
