"""What following 150,000 pods costs: `python -m tests.bench.kubernetes`.

A process of its own follows a loopback API through the daemon's own loop: memory, the first lists of everything, a list
of the pods taken anew, single events, and the facts for a window that names 10,000 pods.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from rich.console import Console
from rich.table import Table as Shown

from correlator.catalog.loader import load
from correlator.daemon import resident
from correlator.kubernetes.cluster import Cluster
from correlator.kubernetes.connection import from_kubeconfig
from correlator.kubernetes.facts import KEYS
from correlator.kubernetes.follow import Follower
from correlator.kubernetes.resources import PODS
from correlator.kubernetes.source import KubernetesSource
from correlator.model.frame import Frame, Frames, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from tests.bench import kubernetes_server, machine
from tests.bench.kubernetes_server import SIZE
from tests.kubernetes_api import kubeconfig

LONGEST_SECONDS = 300.0
EVENTS = 10_000
NAMED_PODS = 10_000
RELISTS = 3
LOOKS = 5


@contextmanager
def serving() -> Iterator[str]:
    """The address of the loopback API, on another core."""
    command = [sys.executable, "-m", "tests.bench.kubernetes_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


def relisted(follower: Follower) -> machine.Seconds:
    """A list taken anew, as after 410."""
    follower._version = ""
    begin = machine.now()
    assert follower.turn() == 0.0
    return machine.now() - begin


def events() -> list[bytes]:
    """Changes, additions and deletions of pods as a watch tells them."""
    rng = random.Random(1)
    lines = []
    for number in range(EVENTS):
        kind = ("MODIFIED", "ADDED", "DELETED")[number % 3]
        item = kubernetes_server.pod(SIZE.pods + number if kind == "ADDED" else rng.randrange(SIZE.pods))
        item["metadata"]["resourceVersion"] = str(2_000_000 + number)
        item["spec"]["nodeName"] = f"worker-{rng.randrange(SIZE.nodes):04d}"
        lines.append(orjson.dumps({"type": kind, "object": item}))
    return lines


def applied(follower: Follower) -> dict[str, float]:
    """Seconds for one event, from its bytes to the table."""
    taken = []
    for line in events():
        begin = time.thread_time()
        follower._take_event(line)
        taken.append(time.thread_time() - begin)
    median, late, most = np.quantile(taken, [0.5, 0.99, 1.0])
    return {"median": float(median), "p99": float(late), "most": float(most)}


def figures(url: str) -> dict[str, Any]:
    """All figures of one process."""
    machine.one_core()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kubeconfig"
        path.write_text(kubeconfig(url))
        cluster = Cluster(lambda: from_kubeconfig(path, ""))
        pods = next(each for each in cluster.followers if each.resource.name == PODS)
        from_kubeconfig(path, "").close()
        resident.settle()
        before, _ = machine.resident_mebibytes()
        begin = machine.now()
        cluster.start()
        assert cluster.wait(LONGEST_SECONDS)
        first = machine.now() - begin
        cluster.close()
        assert not cluster.quality(), cluster.quality()
        resident.give_back()
        after, most = machine.resident_mebibytes()
        pods._stopping.clear()
        pods._transport = None
        again = [relisted(pods) for _ in range(RELISTS)]
        resident.give_back()
        later, most_later = machine.resident_mebibytes()
        event = applied(pods)
        looks, rows = looked(cluster)
        resident.give_back()
        with_rows, _ = machine.resident_mebibytes()
    return {
        "first": {"wall": first.wall, "busy": first.busy},
        "again": machine.spread(again),
        "event": event,
        "looks": machine.spread(looks),
        "rows": rows,
        "memory": {
            "before": before,
            "held": after - before,
            "most_while_listing": most - before,
            "held_after_relists": later - before,
            "most_while_relisting": most_later - before,
            "with_rows": with_rows - before,
        },
    }


class Naming:
    """A source whose series name pods, and tell nothing else."""

    name = "bench"

    def __init__(self) -> None:
        """As many pods as a window is to name."""
        named = [kubernetes_server.pod(index)["metadata"] for index in range(SIZE.claims, SIZE.claims + NAMED_PODS)]
        pairs = ({"namespace": each["namespace"], "pod": each["name"], "device": "/dev/sda"} for each in named)
        self._labels = tuple(sorted(map(labels_of, pairs)))

    def span(self, now: float) -> tuple[float, float]:
        """All there is."""
        return 0.0, now

    def intervals(self, _signals: Sequence[Signal], _at: float) -> Mapping[str, int]:
        """Not asked here."""
        return {}

    def fetch(
        self, _signals: Sequence[Signal], grid: Grid, _progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """I/O of each pod."""
        values = np.ones((len(self._labels), grid.count))
        return Frames(grid, {"pod_reads": Frame("pod_reads", grid, self._labels, values)})


def looked(cluster: Cluster) -> tuple[list[machine.Seconds], int]:
    """What a cycle costs more than without the API: facts of the pods that its series name, made frames."""
    source, signals = KubernetesSource(Naming(), cluster, 0.0), load()
    taken = []
    rows = 0
    for cycle in range(LOOKS):
        grid = Grid((int(time.time()) // 15 + cycle) * 15, 15, 1)
        begin = machine.now()
        frames = source.fetch(signals, grid)
        taken.append(machine.now() - begin)
        rows = sum(len(frame.labels) for name, frame in frames.by_signal.items() if name in KEYS)
    return taken, rows


def shown(result: dict[str, Any]) -> Shown:
    """The figures for people."""
    memory, event, again = result["memory"], result["event"], result["again"]
    title = f"Kubernetes: {SIZE.pods:,} pods, {SIZE.claims:,} claims and volumes, {SIZE.replica_sets:,} ReplicaSets"
    table = Shown("figure", "measured", "at most", title=title)
    table.add_row("memory added by all records", f"{memory['held']:.0f} MiB", "150 MB")
    table.add_row("the same after lists were taken anew", f"{memory['held_after_relists']:.0f} MiB", "150 MB")
    table.add_row(
        "most while listing, and while listing anew",
        f"{memory['most_while_listing']:.0f}, {memory['most_while_relisting']:.0f} MiB",
        "",
    )
    table.add_row(f"the same with {result['rows']:,} rows for a window", f"{memory['with_rows']:.0f} MiB", "")
    first = result["first"]
    table.add_row("first lists of everything", f"{first['wall']:.1f} s (core busy {first['busy']:.1f} s)", "")
    table.add_row(
        "list of the pods taken anew, median",
        f"{again['wall_median']:.1f} s (core busy {again['busy_median']:.1f} s)",
        "20 s",
    )
    table.add_row(
        "one event applied: median, 99 of 100, most",
        ", ".join(f"{event[name] * 1000:.3f}" for name in ("median", "p99", "most")) + " ms",
        "1 ms",
    )
    looks = result["looks"]
    table.add_row(
        "rows for a cycle: first, then", f"{looks['busy_max'] * 1000:.0f} ms, {looks['busy_min'] * 1000:.0f} ms", ""
    )
    return table


def main() -> None:
    """Measure in a process of its own, then print."""
    console = Console(width=130)
    console.print(f"{machine.described()}; everything that is measured runs on one core", highlight=False)
    with serving() as url:
        console.print(shown(machine.measure("kubernetes", url)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        machine.report(figures(sys.argv[1]))
    else:
        main()
