"""The night that the product is for: a re-index chokes a disk, an agent's database dies of it, inference sags.

No component goes down: every target answers, no pod restarts, every volume is mounted. The database first gets slow,
then its sessions hang in their commits; the model server gives tokens late. Two bystanders do I/O too: Prometheus as
ever, and a log shipper that has more to ship from that second on.
"""

import numpy as np

from correlator.model.frame import Frames
from tests.scenes import PodIo, Story
from tests.symptoms import Added

START = 1_790_000_100  # servers take nothing from the future
STEPS, BEGINS, DIES, ENDS = 330, 210, 218, 262
REINDEX, DATABASE, SERVER = "reindex-28812345-h8kz2", "pg-0", "vllm-0"


def night(*, reindexes: bool = True) -> Frames:
    """Frames of the whole night; without the re-index it is the night before."""
    story = Story(steps=STEPS, start=START, seed=11)
    until = ENDS if reindexes else BEGINS
    story.ttft_seconds = story.stepped(0.05, 0.30, BEGINS, until)
    story.read_latency = story.stepped(2e-4, 7e-3, BEGINS, until)
    story.device_pods = [_database_io(story, until), *_bystanders(story)]
    if reindexes:
        story.device_pods.append(story.writer("pipeline", REINDEX, BEGINS, ENDS, bandwidth=380e6))
    added = Added(story.frames())
    rate, seconds = story.filled(30.0), story.filled(0.004)
    if reindexes:
        rate[BEGINS:DIES], seconds[BEGINS:DIES] = 6.0, 0.12
        rate[DIES:ENDS] = 0.0
    added.database(DATABASE, rate, seconds)
    added.pressure("memory", DATABASE, story.stepped(0.02, 0.9, BEGINS, until))
    added.pressure("inference", SERVER, story.stepped(0.01, 0.4, BEGINS, until))
    return added.result()


def _database_io(story: Story, until: int) -> PodIo:
    reads, writes = story.filled(5.0), story.stepped(45.0, 6.0, BEGINS, until)
    return PodIo("memory", DATABASE, reads, writes, reads * 8192, writes * 8192, owner="StatefulSet")


def _bystanders(story: Story) -> list[PodIo]:
    rng, none = np.random.default_rng(3), story.filled(0.0)
    steady = 6.0 * rng.lognormal(0.0, 0.1, story.steps)
    more = story.stepped(2.0, 8.0, BEGINS, story.steps)
    return [
        PodIo("monitoring", "prometheus-0", none, steady, none, steady * 131072, owner="StatefulSet"),
        PodIo("logging", "vector-9zk4l", none, more, none, more * 65536, owner="DaemonSet"),
    ]
