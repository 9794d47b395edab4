"""Comparing two samples request by request."""

from collections.abc import Sequence


def expand(counts: Sequence[int]) -> list[int]:
    """The bucket of every single request."""
    return [bucket for bucket, number in enumerate(counts) for _ in range(number)]


def superiority(reference: Sequence[int], recent: Sequence[int]) -> float:
    """Mann-Whitney's U over the number of pairs: how often a recent request is slower, ties by half."""
    wins = 0.0
    for new in recent:
        for old in reference:
            wins += 1.0 if new > old else 0.5 if new == old else 0.0
    return wins / (len(reference) * len(recent))


def empirical_quantile_bucket(sample: Sequence[int], q: float) -> int:
    """The bucket of the smallest request with at least q of all requests in it or below."""
    ranked = sorted(sample)
    for position, bucket in enumerate(ranked, start=1):
        if position >= q * len(ranked):
            return bucket
    return ranked[-1]
