"""The I/O of pods on a volume, from rows of containers, whole pods and two spellings of one device."""

from collections.abc import Mapping

import numpy as np
from numpy.testing import assert_allclose

from correlator.analysis.volumes import POD_SIGNALS, PodsOnVolume, pods_on_volume
from correlator.model.frame import Floats, Frame, Frames, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.topology import PodRef, Topology, Volume

GRID = Grid(0, 15, 12)
TOPOLOGY = Topology(
    volumes={"v1": Volume(id="v1", name="n1/sda", kind="disk", node="n1", device="sda")},
    node_of_instance={"k1": "n1"},
    volume_of_device={("n1", "/dev/sda"): "v1", ("n1", "sda"): "v1"},
)


def row(pod: str, container: str, device: str = "/dev/sda") -> Labels:
    """A series of a pod's I/O."""
    return labels_of({"namespace": "a", "pod": pod, "container": container, "instance": "k1", "device": device})


def seen(rates: Mapping[Labels, float], gone: Mapping[Labels, int] | None = None) -> PodsOnVolume:
    """What is told of counters that grow by so much a second, in all four signals but for reads of `writer`."""
    counters: dict[Labels, Floats] = {
        labels: 1e6 + rate * GRID.times().astype(np.float64) for labels, rate in rates.items()
    }
    for labels, last in (gone or {}).items():
        counters[labels][last:] = np.nan
    frames = {}
    for signal in POD_SIGNALS:
        known = {k: v for k, v in counters.items() if signal != "pod_reads" or ("pod", "writer") not in k}
        frames[signal] = Frame.from_rows(signal, GRID, known)
    return pods_on_volume(Frames(GRID, frames), TOPOLOGY, "v1")


def load(found: PodsOnVolume, pod: str) -> list[list[float]]:
    """Its four rates by step, without the first step, which has no gain."""
    loads: list[list[float]] = found.loads[PodRef("a", pod)].load[:, 1:].tolist()
    return loads


def test_containers_add_up_and_the_whole_pod_counts_only_without_them() -> None:
    """The row of the pod holds the same operations once more."""
    found = seen({row("p", ""): 7.0, row("p", "main"): 4.0, row("p", "side"): 2.0, row("q", ""): 5.0})
    assert list(found.loads) == [PodRef("a", "p"), PodRef("a", "q")]
    assert_allclose(load(found, "p"), 6.0)
    assert_allclose(load(found, "q"), 5.0)


def test_the_larger_of_two_spellings_counts_once() -> None:
    """Whether cAdvisor names the device's path or its kernel name; each spelling with its own containers."""
    found = seen({row("p", "main"): 4.0, row("p", "main", "sda"): 3.0, row("p", "side", "sda"): 2.0, row("q", ""): 1.0})
    assert_allclose(load(found, "p"), 5.0)
    assert_allclose(load(found, "q"), 1.0)


def test_who_has_no_series_of_one_kind_does_nothing_of_it() -> None:
    """A pod that never read has no counter of reads while its kubelet tells of others."""
    found = seen({row("writer", "main"): 4.0, row("q", "main"): 5.0})
    assert_allclose(load(found, "writer"), np.array([0.0, 4.0, 4.0, 4.0])[:, None] * np.ones(11))


def test_a_container_that_is_gone_does_not_hide_its_siblings() -> None:
    """Its pod does what the others do."""
    found = seen({row("p", "main"): 4.0, row("p", "side"): 2.0}, gone={row("p", "side"): 6})
    assert_allclose(load(found, "p")[0], [6.0] * 5 + [4.0] * 6)


def test_a_volume_that_nobody_uses_has_no_pods() -> None:
    """And nothing is told of it."""
    found = seen({})
    assert not found.loads
    assert not found.told.any()
