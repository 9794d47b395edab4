"""How often a workload was as busy as now without a regression, stretch by stretch, as defined."""

from collections.abc import Sequence
from math import ceil, isnan


def counted(
    device_time: Sequence[float],
    first_tokens: Sequence[float],
    ttft_sum: Sequence[float],
    step: int,
    now: tuple[float, float, float],
) -> tuple[int, int]:
    """(stretches without a regression, those of them as busy): `now` is mean device time, seconds, slow TTFT."""
    level, seconds, slow_seconds = now
    length = max(1, ceil(seconds / step))

    def requests(first: int) -> float:
        return sum(0.0 if isnan(value) else value for value in first_tokens[first : first + length])

    def is_judged(first: int) -> bool:
        served = sum(value > 0 for value in first_tokens[first : first + length])
        return requests(first) >= 5 and 2 * served >= length

    def is_slow(first: int) -> bool:
        total = sum(0.0 if isnan(value) else value for value in ttft_sum[first : first + length])
        return is_judged(first) and total / requests(first) >= slow_seconds

    blocks = hits = 0
    for first in range(len(device_time) - length + 1):
        stretch = device_time[first : first + length]
        if any(isnan(value) for value in stretch) or not is_judged(first) or is_slow(first):
            continue
        if first + 1 + length <= len(device_time) and is_slow(first + 1):
            continue
        blocks += 1
        hits += sum(stretch) * step >= level * seconds
    return blocks, hits
