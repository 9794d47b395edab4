"""Real arrivals of requests, stretched to a wanted rate that may change in time."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tests.simulator.case import Floats

TRACES: Mapping[str, Path] = {
    "conversation": Path(__file__).parents[1] / "lab" / "data" / "arrivals.csv",
    "code": Path(__file__).parent / "data" / "code.csv",
}
LONGEST_PROMPT, LONGEST_ANSWER = 12_000.0, 400.0


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Requests in order of arrival: epoch seconds, tokens of the prompt, tokens that will be generated; shape (N,)."""

    at: Floats
    prompt_tokens: Floats
    generated_tokens: Floats


@cache
def _trace(name: str) -> tuple[Floats, Floats, Floats]:
    """Gaps with a mean of 1, prompt tokens, generated tokens."""
    with TRACES[name].open(newline="") as file:
        rows = [
            (float(r["offset_seconds"]), int(r["prompt_tokens"]), int(r["generated_tokens"]))
            for r in csv.DictReader(file)
        ]
    table = np.array(rows, dtype=np.float64)
    gaps = np.diff(table[:, 0])
    return gaps / gaps.mean(), np.minimum(table[1:, 1], LONGEST_PROMPT), np.clip(table[1:, 2], 1.0, LONGEST_ANSWER)


def mean_prompt(trace: str) -> float:
    """Mean tokens of a trace's prompts."""
    return float(_trace(trace)[1].mean())


def draw_arrivals(rng: np.random.Generator, trace: str, times: Floats, rate: Floats) -> Arrivals:
    """Arrivals whose expected rate at `times` (K,) is `rate` (K,) requests a second: a trace, round and round."""
    expected = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(times))])
    gaps, prompts, answers = _trace(trace)
    number = int(expected[-1] * 1.1 + 6.0 * np.sqrt(expected[-1]) + 20)
    indices = (int(rng.integers(len(gaps))) + np.arange(number)) % len(gaps)
    passed = np.cumsum(gaps[indices]) - gaps[indices[0]] * rng.uniform()
    inside = passed < expected[-1]
    chosen = indices[inside]
    rising = np.concatenate([[True], np.diff(expected) > 0])
    at = np.interp(passed[inside], expected[rising], times[rising])
    return Arrivals(at, prompts[chosen].copy(), answers[chosen].copy())
