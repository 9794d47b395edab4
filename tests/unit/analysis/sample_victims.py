"""Victims made of requests rather than of series."""

import numpy as np
from numpy.typing import NDArray

from correlator.analysis.regression import Detection, detect
from correlator.analysis.victims import Victim, VictimKey, Victims
from correlator.model.frame import Floats
from correlator.model.grid import Grid
from correlator.model.topology import PodRef
from tests.calibrated import calibrated
from tests.scenes import BOUNDS

FINE = np.array([*BOUNDS, np.inf])
COARSE = np.array([0.1, 0.5, 2.5, np.inf])


def victims(
    requests: NDArray[np.int64], means: Floats, step: int = 15, bounds: Floats = FINE, seed: int = 1
) -> Victims:
    """One victim: `requests` and mean TTFT by step, both of shape (T,); log-normal values."""
    rng = np.random.default_rng(seed)
    steps = len(requests)
    counts = np.zeros((1, len(bounds), steps))
    sums = np.zeros((1, steps))
    for at in range(steps):
        values = means[at] * rng.lognormal(-0.08, 0.4, int(requests[at]))
        sums[0, at] = values.sum()
        np.add.at(counts[0, :, at], np.searchsorted(bounds, values), 1)
    number = requests.astype(np.float64)[None, :]
    return Victims(
        grid=Grid(1_800_000_000, step, steps),
        keys=(VictimKey(PodRef("inference", "vllm-0"), "llama"),),
        bounds=bounds,
        counts=counts,
        ttft_sum=sums,
        first_tokens=number,
        arrivals=number.copy(),
        prompt_tokens=500 * number,
        waiting=np.zeros((1, steps)),
        running=np.zeros((1, steps)),
    )


def slowed(rate: float, step: int, since: int, ratio: float = 4.0, **kwargs: int) -> Victims:
    """`rate` requests a second, `ratio` times slower from step `since` to the end, 8 steps later or at `steps`."""
    steps = kwargs.get("steps", since + 8)
    seed = kwargs.get("seed", 1)
    means = np.full(steps, 0.05)
    means[since:] *= ratio
    return victims(np.random.default_rng(seed).poisson(rate * step, steps), means, step, seed=seed)


def found(seen: Victims) -> list[Detection]:
    """What is detected at the last step when all steps may serve as reference."""
    return detect(seen, np.ones(seen.first_tokens.shape, dtype=np.bool_), calibrated())


def first_found(seen: Victims, since: int) -> tuple[int, Detection] | None:
    """The first step at which something is detected, walking on from `since`, and what."""
    for end in range(since, seen.grid.count + 1):
        detections = found(until(seen, end))
        if detections:
            return end, detections[0]
    return None


def until(seen: Victims, end: int) -> Victims:
    """The first `end` steps."""
    grid = Grid(seen.grid.start, seen.grid.step, end)
    arrays = (seen.ttft_sum, seen.first_tokens, seen.arrivals, seen.prompt_tokens, seen.waiting, seen.running)
    sums, tokens, arrivals, prompts, waiting, running = (values[:, :end] for values in arrays)
    return Victims(
        grid=grid,
        keys=seen.keys,
        bounds=seen.bounds,
        counts=seen.counts[:, :, :end],
        ttft_sum=sums,
        first_tokens=tokens,
        arrivals=arrivals,
        prompt_tokens=prompts,
        waiting=waiting,
        running=running,
    )


def only(seen: Victims) -> Victim:
    """The one victim."""
    return seen.one(0)
