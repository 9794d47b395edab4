"""Simulated trouble on a back end that ten nodes share, each seed another cluster: who did it is named, nobody else."""

import numpy as np
import pytest

from correlator.model.finding import Verdict
from correlator.model.frame import Floats
from tests.scenes import Story
from tests.shared_scenes import NODES, VICTIM_REF, Client, SharedStory
from tests.unit.analysis.playing import Played, play_frames
from tests.unit.analysis.stories import END, FIRST, LATER, ONSET, STEPS, during, slow_tokens, story

OTHERS = tuple(node for node in NODES if node != "n1")
SEEDS = (1101, 1102)


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


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bystander", [0.0, 0.02])
def test_one_writer_is_named(seed: int, bystander: float) -> None:
    """Whether it reads or writes, and whether or not another node begins a little in the same second."""
    cluster = Cluster(seed)
    cluster.add("n3", cluster.rng.uniform(1.0, 3.0), reads=bool(cluster.rng.random() < 0.3))
    cluster.add("n2", bystander)
    played = cluster.played(seed)
    assert (played.last.verdict, played.accused) == (Verdict.CONTENTION, {"on-n3"})


@pytest.mark.parametrize("seed", SEEDS)
def test_two_writers_are_both_named(seed: int) -> None:
    """On two nodes."""
    cluster = Cluster(seed)
    for node in ("n2", "n3"):
        cluster.add(node, cluster.rng.uniform(0.7, 1.5))
    assert cluster.played(seed).accused == {"on-n2", "on-n3"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("bystander", [0.0, 0.04])
def test_a_back_end_that_got_slow_by_itself_accuses_nobody(seed: int, bystander: float) -> None:
    """Nor a node that begins a little in that very second."""
    cluster = Cluster(seed)
    cluster.add("n2", bystander)
    played = cluster.played(seed)
    assert (played.last.verdict, played.accused) == (Verdict.DEGRADED_DEVICE, set())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_quiet_back_end_accuses_nobody(seed: int) -> None:
    """Whoever began to write at the minute in which first tokens got slow for another reason."""
    cluster = Cluster(seed, is_slow=False)
    cluster.add("n2", 0.3)
    played = cluster.played(seed)
    assert (played.last.verdict, played.accused) == (Verdict.OTHER, set())
