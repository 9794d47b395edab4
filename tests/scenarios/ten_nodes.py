"""Simulated trouble on a back end that ten nodes share, each seed another cluster, with its truth.

.venv/bin/python -m tests.scenarios.ten_nodes --cases 24    the table of docs/decisions/shared-volumes.md
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from correlator.model.finding import Verdict
from correlator.model.frame import Floats
from tests.scenes import Story
from tests.shared_scenes import NODES, READ_SIZE, VICTIM_REF, WRITE_SIZE, Client, SharedStory
from tests.unit.analysis.playing import Played, play_frames
from tests.unit.analysis.stories import END, FIRST, LATER, ONSET, STEPS, during, slow_tokens, story

OTHERS = tuple(node for node in NODES if node != "n1")
FIRST_REPORTED_SEED = 20_000
Case: TypeAlias = tuple["Cluster", Verdict, frozenset[str]]
"""A cluster, the verdict and the culprits."""


class Cluster:
    """A victim on n1; on every other node a pod with its own level and rhythm, seen at its own phase of a scrape."""

    def __init__(self, seed: int, *, is_slow: bool = True) -> None:
        """With `is_slow`, the back end takes 4 to 40 times as long in [ONSET, END), and others get less done."""
        self.rng = np.random.default_rng(seed)
        self.is_slow = is_slow
        base = slow_tokens(story(seed), self.rng.uniform(2.0, 6.0))
        base.reads_per_request = 0.0
        usual, ratio = self.rng.uniform(3e-4, 2e-3), self.rng.uniform(4.0, 40.0) if is_slow else 1.0
        latency = during(base, usual, usual * ratio) * self._noise(0.2)
        waiting = during(base, 0.01, self.rng.uniform(0.2, 0.7) if is_slow else 0.01) * self._noise(0.2)
        self.made = SharedStory(base, latency, waiting=np.minimum(waiting, 1.0))
        reads = self.rng.uniform(40.0, 400.0) * self._noise(0.1)
        self.made.clients = [Client("models", "n1", [VICTIM_REF], reads, base.filled(0.0))]
        self.made.clients += [self._other(node, base) for node in OTHERS]

    def _noise(self, size: float) -> Floats:
        return self.rng.lognormal(0.0, size, STEPS)

    def _other(self, node: str, base: Story) -> Client:
        """A pod that reads and writes all the time, some in bursts, and less while the back end is slow."""
        steps = np.arange(STEPS) + self.rng.integers(20)
        bursts = steps // self.rng.integers(2, 9) % self.rng.integers(2, 6) == 0
        rhythm = np.where(bursts, self.rng.uniform(2.0, 6.0), 0.3) if self.rng.random() < 0.4 else base.filled(1.0)
        left = during(base, 1.0, self.rng.uniform(0.5, 1.0) if self.is_slow else 1.0)
        reads = self.rng.uniform(1.0, 60.0) * self._noise(0.3) * left
        writes = self.rng.uniform(2.0, 120.0) * self._noise(0.3) * rhythm * left
        return Client(f"of-{node}", node, [("data", f"on-{node}")], reads, writes)

    def add(self, node: str, part: float, *, reads: bool = False) -> None:
        """The pod of a node does more in [ONSET, END): `part` of what all did before."""
        usual = sum(float((client.reads + client.writes)[:ONSET].mean()) for client in self.made.clients)
        more = np.where((np.arange(STEPS) >= ONSET) & (np.arange(STEPS) < END), usual * part, 0.0) * self._noise(0.2)
        (client,) = (each for each in self.made.clients if each.node == node)
        client.reads, client.writes = client.reads + more * reads, client.writes + more * (not reads)

    def played(self, seed: int) -> Played:
        """Judged as NFS or as RBD in turn; each node's counters are read at another moment of the step."""
        for client in self.made.clients:
            phase = self.rng.random()
            client.reads, client.writes = (
                (1.0 - phase) * rates + phase * np.concatenate([rates[:1], rates[:-1]])
                for rates in (client.reads, client.writes)
            )
        return play_frames(self.made.nfs() if seed % 2 else self.made.rbd(), FIRST, LATER)

    def most_bytes(self) -> str:
        """Who but the victim moved most bytes while it was slow: whom a list of top talkers shows first."""
        slow = slice(ONSET, END)
        sizes = {
            client.pods[0][1]: float((client.reads * READ_SIZE + client.writes * WRITE_SIZE)[slow].mean())
            for client in self.made.clients[1:]
        }
        return max(sizes, key=lambda pod: sizes[pod])


def one_writer(seed: int, bystander: float = 0.0) -> Case:
    """Whether it reads or writes; with a bystander that begins a little in the same second."""
    cluster = Cluster(seed)
    cluster.add("n3", cluster.rng.uniform(1.0, 3.0), reads=bool(cluster.rng.random() < 0.3))
    cluster.add("n2", bystander)
    return cluster, Verdict.CONTENTION, frozenset({"on-n3"})


def two_writers(seed: int) -> Case:
    """On two nodes, at once."""
    cluster = Cluster(seed)
    for node in ("n2", "n3"):
        cluster.add(node, cluster.rng.uniform(0.7, 1.5))
    return cluster, Verdict.CONTENTION, frozenset({"on-n2", "on-n3"})


def degraded(seed: int, bystander: float = 0.0) -> Case:
    """The back end got slow by itself; with a bystander that begins a little in that very second."""
    cluster = Cluster(seed)
    cluster.add("n2", bystander)
    return cluster, Verdict.DEGRADED_DEVICE, frozenset()


def quiet(seed: int) -> Case:
    """First tokens got slow for another reason in the minute in which somebody began to write."""
    cluster = Cluster(seed, is_slow=False)
    cluster.add("n2", 0.3)
    return cluster, Verdict.OTHER, frozenset()


CASES: Mapping[str, Callable[[int], Case]] = {
    "one node reads or writes more": one_writer,
    "the same, beside a node that begins 2 % as much": lambda seed: one_writer(seed, 0.02),
    "two nodes write more": two_writers,
    "the back end got slow by itself": degraded,
    "the same, while a node begins 4 % more": lambda seed: degraded(seed, 0.04),
    "the back end is quiet while a node begins 30 % more": quiet,
}


COLUMNS = (
    "the trouble",
    "last verdict right",
    "all culprits named",
    "somebody else accused at any time",
    "most bytes is a culprit",
)


def say(line: str) -> None:
    """One line on stdout."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Judge so many cases of each kind and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=24)
    number = parser.parse_args().cases
    say(f"| {' | '.join(COLUMNS)} |")
    say(f"| {' | '.join(['---'] * len(COLUMNS))} |")
    for name, make in CASES.items():
        counts = np.zeros(4, dtype=int)
        for seed in range(FIRST_REPORTED_SEED, FIRST_REPORTED_SEED + number):
            cluster, verdict, culprits = make(seed)
            top, played = cluster.most_bytes(), cluster.played(seed)
            accused = played.accused
            right = bool(played.findings) and played.last.verdict is verdict
            counts += [right, culprits <= accused, bool(accused - culprits), top in culprits]
        told = [f"{count} of {number}" for count in counts.tolist()]
        named = told[1] if culprits else "–"
        say(f"| {name} | {told[0]} | {named} | {told[2]} | {told[3]} |")


if __name__ == "__main__":
    main()
