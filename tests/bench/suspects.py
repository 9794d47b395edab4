"""The suspect list of one incident with 250 suspects, with all that its finding says: from the window to the words."""

import numpy as np

from correlator.analysis.evaluate import evaluate, explain_victim
from correlator.analysis.memory import Memory
from correlator.model.topology import PodRef
from correlator.topology import join
from tests.bench import machine
from tests.calibrated import calibrated
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
    """Detect the regression, then state it again and again."""
    machine.one_core()
    frames, parameters, victim = crowd().frames(), calibrated(), PodRef("inference", "vllm-0")
    topology = join(frames)
    memory = evaluate(frames, topology, Memory(), frames.grid.last, parameters).memory
    taken = []
    listed = 0
    for _ in range(REPEATS):
        begin = machine.now()
        finding = explain_victim(frames, topology, victim, memory, parameters)
        taken.append(machine.now() - begin)
        listed = len(finding.suspects) if finding else 0
    machine.report({"finding": machine.spread(taken), "pods": SUSPECTS, "listed": listed})


if __name__ == "__main__":
    main()
