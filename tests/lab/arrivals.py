"""Real arrivals of requests, sped up or slowed down to a wanted mean rate with their burstiness kept."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EXCERPT = Path(__file__).parent / "data" / "arrivals.csv"


@dataclass(frozen=True)
class Arrival:
    """One request: seconds since the one before it (at the wanted mean rate) and its tokens."""

    gap_seconds: float
    prompt_tokens: int
    generated_tokens: int


def arrivals(mean_rate: float, rng: random.Random, excerpt: Path = EXCERPT) -> Iterator[Arrival]:
    """The excerpt's requests from a random one on, round and round, at `mean_rate` requests per second."""
    with excerpt.open(newline="") as file:
        rows = [
            (float(row["offset_seconds"]), int(row["prompt_tokens"]), int(row["generated_tokens"]))
            for row in csv.DictReader(file)
        ]
    span = rows[-1][0] - rows[0][0]
    stretch = (len(rows) - 1) / span / mean_rate
    index = rng.randrange(1, len(rows))
    while True:
        offset, prompt_tokens, generated_tokens = rows[index]
        yield Arrival((offset - rows[index - 1][0]) * stretch, prompt_tokens, generated_tokens)
        index = index + 1 if index + 1 < len(rows) else 1
