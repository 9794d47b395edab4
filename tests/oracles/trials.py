"""Measures behind the decisions, on made-up data with known truth: `python -m tests.oracles.trials`."""

import sys

import numpy as np

from correlator.analysis.distribution import Reference, overdispersion, shift, step_scores
from correlator.analysis.price import PRIOR
from correlator.model.frame import Floats
from tests.oracles.device_prices import prices

DEVICES = 200
HOURS = 40
SCALE = 8


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _pods(rng: np.random.Generator, steps: int) -> list[Floats]:
    """Two to four pods that read or write in blocks of one size; the first works five times as much in the end."""
    loads = []
    for number in range(int(rng.integers(2, 5))):
        part, size = rng.choice([0.0, 0.5, 1.0]), rng.choice([4096, 16384, 65536, 524288])
        level = rng.uniform(50, 1000) * rng.uniform(0.05, 1)
        rate = level * np.exp(0.5 * np.cumsum(rng.normal(0, 0.1, steps)))
        if number == 0:
            rate = rate * np.where(np.arange(steps) > steps // 2, 5.0, 0.0)
        loads.append(np.stack([rate * part, rate * (1 - part), rate * part * size, rate * (1 - part) * size]))
    return loads


def _shares(price: Floats, loads: list[Floats]) -> Floats:
    half = np.arange(loads[0].shape[1]) > loads[0].shape[1] // 2
    rises = np.array([max(0.0, (price @ x)[half].mean() - (price @ x)[~half].mean()) for x in loads])
    shares: Floats = rises / rises.sum()
    return shares


def price_errors(weight: float, half_life: float = float("inf"), drift: float = 1.0) -> Floats:
    """For each of DEVICES devices with random prices: the largest error of a pod's share of the rise.

    Over the window writes get `drift` times as dear, as when a cache is full; shares are right at the last prices.
    """
    errors = []
    for seed in range(DEVICES):
        rng = np.random.default_rng(seed)
        true = np.exp(rng.normal(0, 1.2, 4)) * PRIOR * rng.uniform(0.2, 20)
        loads = _pods(rng, int(rng.integers(30, 240)))
        total = np.sum(loads, axis=0)
        path = np.linspace(1.0, 0.0, total.shape[1])
        paid = true[:, None] * np.stack([drift ** -(path * dear) for dear in (0.0, 1.0, 0.0, 1.0)])
        queue = (paid * total).sum(axis=0) * np.exp(rng.normal(0, 0.15, total.shape[1]))
        learnt = prices(total, queue, PRIOR, weight, half_life)
        errors.append(np.abs(_shares(learnt, loads) - _shares(true, loads)).max())
    return np.array(errors)


def false_alarms(swing: float, *, dispersed: bool) -> int:
    """Looks at z >= 5 in HOURS hours of 15 s steps without any regression, TTFT in waves of `swing` of its log."""
    alarms, one = 0, np.ones(1)
    bounds = np.array([0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0])
    for seed in range(HOURS):
        rng = np.random.default_rng(seed)
        wave, level = np.zeros(240), 0.0
        for step in range(240):
            level = 0.9 * level + rng.normal(0, swing * np.sqrt(1 - 0.9**2))
            wave[step] = level
        counts = np.zeros((1, len(bounds) + 1, 240))
        for step in range(240):
            values = 0.05 * np.exp(wave[step]) * rng.lognormal(0, 0.4, 60)
            np.add.at(counts[0, :, step], np.searchsorted(bounds, values), 1)
        for end in range(120, 241):
            past, recent = counts[:, :, : end - SCALE], counts[:, :, end - SCALE : end].sum(axis=2)
            reference = Reference.of(past.sum(axis=2))
            factor = one
            if dispersed:
                spread = (reference.counts * reference.scores**2).sum(axis=1) / reference.counts.sum(axis=1)
                factor = overdispersion(step_scores(past, reference.scores), past.sum(axis=1), spread, SCALE)
            alarms += int(shift(recent, reference, factor, factor).body[0] >= 5)
    return alarms


def main() -> None:
    """Print the tables."""
    _say(f"error of a share of the rise, {DEVICES} random devices: prior weight, mean, 90th percentile, largest")
    for weight in (2.0, 0.5, 0.1, 0.02, 0.005):
        errors = price_errors(weight)
        _say(f"{weight:6} {errors.mean():.3f} {np.quantile(errors, 0.9):.3f} {errors.max():.3f}")
    _say("the same with the weight 0.1: drift of writes, half-life in steps, mean, 90th percentile")
    for drift in (1.0, 3.0, 10.0):
        for half_life in (float("inf"), 240.0, 120.0, 60.0, 30.0):
            errors = price_errors(0.1, half_life, drift)
            _say(f"{drift:6} {half_life:6} {errors.mean():.3f} {np.quantile(errors, 0.9):.3f}")
    _say(f"looks at z >= 5 in {HOURS} quiet hours (of {121 * HOURS}): swing, independent requests, blocks of steps")
    for swing in (0.0, 0.1, 0.2, 0.3):
        _say(f"{swing:6} {false_alarms(swing, dispersed=False):6} {false_alarms(swing, dispersed=True):6}")


if __name__ == "__main__":
    main()
