"""Who added how much to a volume, told by definition."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from math import isnan, nan

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
