"""Stories with a known truth; the trouble is in steps [ONSET, END)."""

import numpy as np

from correlator.model.frame import Floats
from tests.scenes import PodIo, Story

ONSET, END = 120, 150
STEPS = 176
FIRST = ONSET - 4
LATER = ONSET + 14


def story(seed: int = 1, step: int = 15, rate: float = 4.0) -> Story:
    """A quiet cluster: a victim that reads its disk, and a web server that always writes 50 MB/s there."""
    made = Story(steps=STEPS, step=step, seed=seed, rate=rate)
    made.device_pods = [always(made, "web", "nginx-1", 50e6)]
    return made


def always(made: Story, namespace: str, pod: str, bandwidth: float) -> PodIo:
    """A pod that writes all the time."""
    return made.writer(namespace, pod, 0, STEPS, bandwidth=bandwidth, owner="Deployment")


def during(made: Story, low: float, high: float) -> Floats:
    """`high` while the trouble lasts."""
    return made.stepped(low, high, ONSET, END)


def slow_tokens(made: Story, ratio: float = 4.0) -> Story:
    """First tokens take `ratio` times as long."""
    made.ttft_seconds = during(made, 0.05, 0.05 * ratio)
    return made


def slow_disk(made: Story, ratio: float = 20.0) -> Story:
    """The victim's disk takes `ratio` times as long."""
    made.read_latency = during(made, 2e-4, 2e-4 * ratio)
    return made


def contention(made: Story | None = None) -> Story:
    """Slow disk and slow first tokens; who does it is added by the caller."""
    return slow_tokens(slow_disk(made or story()))


def one_writer(seed: int = 1, step: int = 15, rate: float = 4.0) -> Story:
    """A re-index job fills the disk."""
    made = contention(story(seed, step, rate))
    made.device_pods.append(made.writer("data", "reindex-abc", ONSET, END))
    return made


def one_reader() -> Story:
    """A backup reads everything in pieces of 256 KiB."""
    made = contention()
    none, read = made.filled(0.0), during(made, 0.0, 300e6)
    made.device_pods.append(PodIo("ops", "backup-1", read / 262144, none, read, none, owner="Job", born=ONSET))
    return made


def two_writers() -> Story:
    """Two jobs start together, one with twice the load of the other."""
    made = contention()
    made.device_pods += [
        made.writer("data", "reindex-abc", ONSET, END, bandwidth=300e6),
        made.writer("data", "export-abc", ONSET, END, bandwidth=150e6),
    ]
    return made


def bystander() -> Story:
    """A log shipper starts in the same second as the re-index job, with a hundredth of its load."""
    made = one_writer()
    made.device_pods.append(made.writer("logging", "fluent-1", ONSET, END, bandwidth=4e6))
    return made


def slow_compute(seed: int = 1) -> Story:
    """First tokens get slow on a quiet disk, while a mild writer starts in that very step."""
    made = slow_tokens(story(seed))
    made.device_pods.append(made.writer("data", "reindex-abc", ONSET, END, bandwidth=5e6))
    return made


def unexposed() -> Story:
    """A job saturates a disk that the victim does not read, while its compute slows down."""
    made = one_writer()
    made.reads_per_request = 0.0
    return made


def degraded() -> Story:
    """The disk gets slow under the same load."""
    return contention()


def more_load(seed: int = 1) -> Story:
    """Requests more than double on a quiet disk."""
    made = slow_tokens(story(seed))
    made.rates = during(made, 4.0, 9.0)
    return made


def longer_prompts() -> Story:
    """Prompts are four times as long."""
    made = slow_tokens(story())
    made.prompt_tokens = during(made, 500.0, 2000.0)
    return made


def unattributed() -> Story:
    """Buffered write-back that no pod is accounted fills the disk."""
    made = contention()
    made.unattributed_writes = during(made, 0.0, 1500.0)
    return made


def cadvisor_gone() -> Story:
    """Nobody can be seen while the trouble lasts."""
    made = one_writer()
    made.missing = {"cadvisor": slice(ONSET - 2, STEPS)}
    return made


def node_exporter_gone() -> Story:
    """The disk cannot be seen."""
    made = one_writer()
    made.missing = {"node_exporter": slice(ONSET - 2, STEPS)}
    return made


def frozen() -> Story:
    """Requests wait, and no first token is given while the disk hangs."""
    made = slow_disk(story(), 200.0)
    made.waiting = during(made, 0.0, 30.0)
    made.device_pods.append(made.writer("data", "reindex-abc", ONSET, END))
    return made


def heavy_innocent() -> Story:
    """A writer of small blocks starts beside one that always wrote 200 MB/s and now gets a little less."""
    made = contention()
    made.device_pods.append(made.writer("data", "compact-1", ONSET, END, bandwidth=20e6, size=4096.0))
    heavy = always(made, "data", "ingest-1", 200e6)
    heavy.writes[ONSET:END] *= 0.9
    heavy.write_bytes[ONSET:END] *= 0.9
    made.device_pods.append(heavy)
    return made


def other_disk() -> Story:
    """Another disk of the node is busy while the victim's compute slows down."""
    made = slow_tokens(story())
    made.device_pods.append(made.writer("data", "reindex-abc", ONSET, END, device="/dev/sdb"))
    return made


def writer_and_load() -> Story:
    """A writer fills the disk while requests rise by a third."""
    made = one_writer()
    made.rates = during(made, 4.0, 5.5)
    return made


def cold_cache() -> Story:
    """After a restart each request reads twenty times as much, from a disk that serves it as well as ever."""
    made = slow_tokens(story())
    made.reads_per_request = during(made, 40.0, 800.0)
    return made


def slowed_neighbours() -> Story:
    """A writer fills the disk, and a heavy neighbour gets so much less done that the disk serves less than before."""
    made = contention()
    neighbour = always(made, "search", "index-1", 400e6)
    for rate in (neighbour.writes, neighbour.write_bytes):
        rate[ONSET:END] *= 0.3
    made.device_pods += [neighbour, made.writer("data", "reindex-abc", ONSET, END, bandwidth=200e6)]
    return made


def frozen_under_load() -> Story:
    """No first token is given on a quiet disk, while more requests come in."""
    made = story()
    made.waiting = during(made, 0.0, 30.0)
    made.rates = during(made, 4.0, 9.0)
    return made


def own_io() -> Story:
    """The victim loads weights: it writes and reads far more than its requests account for."""
    made = contention()
    busy = during(made, 0.0, 400e6)
    none = made.filled(0.0)
    made.device_pods.append(
        PodIo("inference", "vllm-0", busy / 524288, none, busy, none, owner="StatefulSet", container="loader")
    )
    return made


def quiet(seed: int = 1) -> Story:
    """Nothing happens, but a pod has its ordinary bursts."""
    made = story(seed)
    bursts = np.where(np.arange(STEPS) // 7 % 3 == 0, 100e6, 0.0)
    none = made.filled(0.0)
    made.device_pods.append(PodIo("data", "cron-1", none, bursts / 524288, none, bursts))
    return made
