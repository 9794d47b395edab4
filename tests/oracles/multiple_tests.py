"""Adjusting p-values for many tests, as defined."""

from collections.abc import Sequence


def benjamini_yekutieli(p_values: Sequence[float]) -> list[float]:
    """The smallest false discovery rate at which each hypothesis is rejected (doi:10.1214/aos/1013699998).

    At rate q the step-up rule rejects the k smallest, k the largest with p_(k) <= k q / (m c(m)), where
    c(m) = 1 + 1/2 + … + 1/m. So the one of rank i is rejected from q = min over k >= i of p_(k) m c(m) / k on.
    """
    size = len(p_values)
    penalty = sum(1.0 / k for k in range(1, size + 1))
    ranked = sorted(p_values)
    adjusted = []
    for p in p_values:
        rank = ranked.index(p) + 1
        candidates = [ranked[k - 1] * size * penalty / k for k in range(rank, size + 1)]
        adjusted.append(min(1.0, *candidates))
    return adjusted
