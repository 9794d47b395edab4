"""The suspect list of one incident with 250 suspects, with all that its finding says: from the window to the words."""

import numpy as np

from correlator.analysis.evaluate import evaluate, look_at_victim
from correlator.analysis.memory import Memory
from correlator.catalog import load
from correlator.inquiry.archives import Archives
from correlator.model.history import NO_HISTORY
from correlator.model.topology import PodRef
from correlator.topology import join
from tests.bench import machine
from tests.calibrated import calibrated
from tests.pasts import PastSource
from tests.scenes import PodIo, Story

SUSPECTS = 250
REPEATS = 20
ONSET = 220
"""The step at which all suspects begin to do more, of 240."""


def crowd() -> Story:
    """One victim, one disk, and 250 pods that all write more from the onset on, some of them much more."""
    rng = np.random.default_rng(1)
    story = Story(rate=6.0)
    story.ttft_seconds = story.stepped(0.05, 0.3, ONSET, story.steps)
    story.read_latency = story.stepped(2e-4, 4e-3, ONSET, story.steps)
    nothing = story.filled(0.0)
    for number in range(SUSPECTS):
        before = rng.uniform(0.5, 2.0, story.steps)
        writes = before + story.stepped(0.0, rng.lognormal(1.0, 1.5), ONSET, story.steps)
        story.device_pods.append(PodIo("batch", f"writer-{number}", nothing, writes, nothing, writes * 131_072))
    return story


def main() -> None:
    """Detect the regression, then state it again and again: from the window alone, and with three days of four pods."""
    machine.one_core()
    source = PastSource(crowd())
    frames, parameters, victim = source.frames, calibrated(), PodRef("inference", "vllm-0")
    topology = join(frames)
    memory = evaluate(frames, topology, Memory(), frames.grid.last, parameters).memory
    first = look_at_victim(frames, topology, victim, memory, parameters)
    days = Archives(source, load()).answers(first.wanted) if first else NO_HISTORY
    taken: dict[str, list[machine.Seconds]] = {}
    for name, history in (("finding", NO_HISTORY), ("finding_with_days", days)):
        taken[name] = []
        for _ in range(REPEATS):
            begin = machine.now()
            look_at_victim(frames, topology, victim, memory, parameters, history)
            taken[name].append(machine.now() - begin)
    listed = len(first.finding.suspects) if first else 0
    told = {name: machine.spread(times) for name, times in taken.items()}
    machine.report({**told, "pods": SUSPECTS, "listed": listed})


if __name__ == "__main__":
    main()
