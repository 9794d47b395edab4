"""Who added how much to a volume, told by definition."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from math import isnan, nan, sqrt

Rates = Sequence[Sequence[float]]
"""Four rates by step."""


def rest_of(device: Rates, pods: Sequence[Rates], told: Sequence[bool]) -> list[list[float]]:
    """What the device did beyond the pods, step by step; unknown where the pods' part is."""
    rest = []
    for rate, total in enumerate(device):
        row = []
        for step, whole in enumerate(total):
            known = whole - sum(pod[rate][step] for pod in pods)
            row.append(known if told[step] else nan)
        rest.append(row)
    return rest


def rise(load: Rates, prices: Sequence[float], before: Sequence[int], during: Sequence[int]) -> float:
    """Device time a second that a load takes more during than before; no rate's mean is below 0."""
    total = 0.0
    for price, rate in zip(prices, load, strict=True):
        sides = []
        for steps in (before, during):
            known = [rate[step] for step in steps if not isnan(rate[step])]
            if not known:
                return 0.0
            sides.append(max(0.0, sum(known) / len(known)))
        total += price * (sides[1] - sides[0])
    return total


def shapley(rises: Mapping[str, float]) -> dict[str, float]:
    """Each one's part of what all added: its mean marginal contribution over every order in which they could come.

    A falling load adds nothing to a coalition (L. S. Shapley 1953, doi:10.1515/9781400881970-018).
    """
    names = sorted(rises)
    orders = list(permutations(names))
    parts = dict.fromkeys(names, 0.0)
    for order in orders:
        added = 0.0
        for place, name in enumerate(order):
            now = sum(max(0.0, rises[one]) for one in order[: place + 1])
            parts[name] += (now - added) / len(orders)
            added = now
    total = sum(parts.values())
    return {name: part / total if total > 0 else 0.0 for name, part in parts.items()}


def block_p_value(values: Sequence[float], quiet: Sequence[int], during: Sequence[int]) -> float | None:
    """How often a stretch of quiet steps, as long as what was seen, had at least as much; the seen one counts too.

    Stretches are no longer than a quarter of the quiet steps; four fifths of each, and both its ends, are quiet and
    known.
    """
    length = max(1, min(len(during), len(quiet) // 4))
    seen = [values[step] for step in during if not isnan(values[step])]
    stretches = []
    for first in range(len(values) - length + 1):
        good = [step for step in range(first, first + length) if step in quiet and not isnan(values[step])]
        if 5 * len(good) >= 4 * length and {first, first + length - 1} <= set(good):
            stretches.append([values[step] for step in good])
    if not stretches or not seen:
        return None
    level = sum(seen) / len(seen)
    reached = sum(1 for stretch in stretches if sum(stretch) / len(stretch) >= level)
    return (1 + reached) / (1 + len(stretches))


def lag(values: Sequence[float], before: Sequence[int], during: Sequence[int], onset: int, reach: int) -> int | None:
    """In which step, counted from the onset, a load left its quiet range; None when it has no rise within `reach`.

    It left where it lies above its quiet mean by a tenth of its rise, or by three standard deviations if that is more,
    but by half of the rise at most. Where it is above at the onset, the run that holds then began the rise; else the
    first step above does.
    """
    quiet = [values[step] for step in before if not isnan(values[step])]
    seen = [values[step] for step in during if not isnan(values[step])]
    if not quiet or not seen:
        return None
    low, high = sum(quiet) / len(quiet), sum(seen) / len(seen)
    if high - low <= 1e-9 * low:
        return None
    deviation = sqrt(sum((value - low) ** 2 for value in quiet) / len(quiet))
    enough = low + max(0.1 * (high - low), min(3.0 * deviation, 0.5 * (high - low)))
    up = [step for step in range(max(0, onset - reach), min(len(values), onset + reach + 1)) if values[step] > enough]
    if not up:
        return None
    first = up[0]
    if onset in up:
        first = onset
        while first - 1 in up:
            first -= 1
    return first - onset
