"""Which rule tells a volume's limit, on made-up devices with known limits: `python -m tests.oracles.limits`."""

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np

from correlator.analysis.limit import limit_of
from correlator.analysis.windows import Spans, mean_over
from correlator.model.finding import Verdict
from correlator.model.frame import Floats
from tests.unit.analysis.test_limit import ONSET, SPANS, STEPS, volume

DEVICES = 300
FIRST_SEED = 10_000
BOUNDS = ("operations", "throughput")
KINDS = (*BOUNDS, "beside", "provisioned", "queue")


@dataclass(frozen=True)
class Device:
    """Operations a second, bytes of each, and queue depth by step, shape (T,), and what the device ran out of."""

    operations: Floats
    size: Floats
    queue: Floats
    truth: str


def device(kind: str, seed: int) -> Device:
    """A device with a limit of operations and one of bytes; whoever comes at ONSET asks for more than it has.

    Both limits and the size of operations are drawn at random, so that either is met first; `provisioned`: both
    limits fall to a part of what was served before; `queue`: bursts below the limits; `beside`: out of operations,
    beside somebody who always moves one to three times as many bytes.
    """
    rng = np.random.default_rng(seed)
    most, crossover = 10 ** rng.uniform(2.7, 5), 2 ** rng.uniform(14, 18)
    wanted = crossover * 2 ** (rng.uniform(0.5, 4) if kind == "throughput" else -rng.uniform(0.5, 4))
    quiet_size = 2 ** rng.uniform(12, 19)
    after = np.arange(STEPS) >= ONSET
    size = np.where(after, wanted * rng.lognormal(0, rng.uniform(0.0, 0.5), STEPS), quiet_size)
    ceiling = np.minimum(most, most * crossover / size)
    noise = rng.lognormal(0, rng.uniform(0.005, 0.05), STEPS)
    quiet = ceiling * rng.uniform(0.05, 0.6) * rng.lognormal(0, 0.1, STEPS)
    if kind == "provisioned":
        size = np.full(STEPS, quiet_size)
        quiet = np.minimum(most, most * crossover / size) * 0.6 * rng.lognormal(0, 0.1, STEPS)
        ceiling = np.full(STEPS, float(quiet.mean()) * rng.uniform(0.2, 0.7))
        noise = rng.lognormal(0, rng.uniform(0.005, 0.02), STEPS)
    loud = ceiling * noise if kind != "queue" else ceiling * rng.uniform(0.1, 0.9, STEPS)
    queue = np.where(after, 10 ** rng.uniform(0.7, 2) * rng.lognormal(0, 0.2, STEPS), rng.uniform(0.1, 0.8))
    operations = np.where(after, loud, quiet)
    if kind == "beside":
        size = size + rng.uniform(1, 3) * float((operations * size)[after].mean()) / operations
        return Device(operations, size, np.asarray(queue), "operations")
    return Device(operations, size, np.asarray(queue), kind)


def by_size(one: Device, spans: Spans) -> str:
    """The rule of thumb: large operations on a busy device run out of throughput, small ones of operations."""
    mean = mean_over(one.operations * one.size, spans.during) / mean_over(one.operations, spans.during)
    return "throughput" if mean >= 48 * 1024 else "operations"


def by_plateau(one: Device, spans: Spans) -> str:
    """The steadier of both rates, if it is steady at all."""
    spreads = []
    for rate in (one.operations, one.operations * one.size):
        low, middle, high = np.quantile(rate[spans.during], (0.16, 0.5, 0.84))
        spreads.append((high - low) / (2 * middle))
    if min(spreads) > 0.15:
        return "queue"
    return BOUNDS[int(np.argmin(spreads))]


def ours(one: Device, spans: Spans) -> str:
    """What the engine says."""
    found = limit_of(volume(one.operations, one.size, one.queue), spans, Verdict.CONTENTION)
    return found.bound if found else "none"


def main() -> None:
    """Print how often each rule names the limit that the device has, by kind."""
    sys.stdout.write(f"{DEVICES} devices of each kind, seeds from {FIRST_SEED}: share that each rule names rightly\n")
    right: Counter[tuple[str, str]] = Counter()
    for kind in KINDS:
        for seed in range(FIRST_SEED, FIRST_SEED + DEVICES):
            one = device(kind, seed)
            for rule in (by_size, by_plateau, ours):
                right[kind, rule.__name__] += rule(one, SPANS) == one.truth
    for kind in KINDS:
        shares = (f"{name} {right[kind, name] / DEVICES:.2f}" for name in ("by_size", "by_plateau", "ours"))
        sys.stdout.write(f"{kind:12} {'  '.join(shares)}\n")


if __name__ == "__main__":
    main()
