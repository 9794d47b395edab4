"""One incident with many suspects, with all that its finding says: from the window to the words."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from correlator.analysis.evaluate import evaluate, look_at_victim
from correlator.analysis.memory import Memory
from correlator.analysis.price import learn_prices
from correlator.analysis.suspects import p_values, q_values
from correlator.analysis.tracking import tracking
from correlator.analysis.volumes import device_use, pods_on_volume
from correlator.analysis.windows import Spans
from correlator.catalog import load
from correlator.inquiry.archives import Archives
from correlator.model.frame import Frames
from correlator.model.history import NO_HISTORY
from correlator.model.topology import PodRef, Topology
from correlator.topology import join
from tests.bench import machine
from tests.calibrated import calibrated
from tests.pasts import PastSource
from tests.scenes import PodIo, Story

SUSPECTS = (110, 250)
REPEATS = 20
ONSET = 220
"""The step at which all suspects begin to do more, of 240."""

VICTIM = PodRef("inference", "vllm-0")


def crowd(suspects: int) -> Story:
    """One victim, one disk, and pods that all write more from the onset on, some of them much more."""
    rng = np.random.default_rng(1)
    story = Story(rate=6.0)
    story.ttft_seconds = story.stepped(0.05, 0.3, ONSET, story.steps)
    story.read_latency = story.stepped(2e-4, 4e-3, ONSET, story.steps)
    nothing = story.filled(0.0)
    for number in range(suspects):
        before = rng.uniform(0.5, 2.0, story.steps)
        writes = before + story.stepped(0.0, rng.lognormal(1.0, 1.5), ONSET, story.steps)
        story.device_pods.append(PodIo("batch", f"writer-{number}", nothing, writes, nothing, writes * 131_072))
    return story


def surrogates(frames: Frames, topology: Topology) -> Callable[[], object]:
    """What a finding compares each suspect's own past with: the p-values of all quiet stretches, and the ranks."""
    volume = next(edge.volume_id for edge in topology.edges if edge.pod == VICTIM)
    spans = Spans.around(ONSET, frames.grid.count, np.arange(frames.grid.count) < ONSET)
    use, pods = device_use(frames, topology, volume), pods_on_volume(frames, topology, volume)
    prices = learn_prices(use.load, use.queue_depth, spans.before)
    device_time = np.array([prices.of(pod.load) for pod in pods.loads.values()])

    def compared() -> object:
        ranks = tracking(device_time, use.queue_depth, spans.before | spans.during)
        return ranks, q_values(p_values(device_time, spans))

    return compared


def taken(work: Sequence[Callable[[], object]]) -> list[machine.Seconds]:
    """How long each piece of work took, one after the other."""
    marks = [machine.now()]
    for piece in work:
        piece()
        marks.append(machine.now())
    return [end - begin for begin, end in pairwise(marks)]


def figures(suspects: int) -> dict[str, object]:
    """Detect the regression, then state it again and again.

    From the window alone; with three days of those who added most; and from the window less the surrogates, which
    are taken apart in the same run on the same loads.
    """
    source = PastSource(crowd(suspects))
    frames, parameters = source.frames, calibrated()
    topology = join(frames)
    memory = evaluate(frames, topology, Memory(), frames.grid.last, parameters).memory
    first = look_at_victim(frames, topology, VICTIM, memory, parameters)
    days = Archives(source, load()).answers(first.wanted) if first else NO_HISTORY
    work = (
        lambda: look_at_victim(frames, topology, VICTIM, memory, parameters, NO_HISTORY),
        lambda: look_at_victim(frames, topology, VICTIM, memory, parameters, days),
        surrogates(frames, topology),
    )
    runs = [taken(work) for _ in range(REPEATS + 1)][1:]  # the first one reads labels, once for all looks
    return {
        "finding": machine.spread([finding for finding, _, _ in runs]),
        "finding_with_days": machine.spread([with_days for _, with_days, _ in runs]),
        "finding_without_surrogates": machine.spread([finding - compared for finding, _, compared in runs]),
        "pods": suspects,
        "listed": len(first.finding.suspects) if first else 0,
    }


def main() -> None:
    """Both crowds."""
    machine.one_core()
    machine.report({"crowds": [figures(suspects) for suspects in SUSPECTS]})


if __name__ == "__main__":
    main()
