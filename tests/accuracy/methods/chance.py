"""A random order: what any ranking must beat, computed rather than drawn."""


def hits_at(k: int, candidates: int, culprits: int) -> float:
    """The expected AC@k of a random order of so many candidates with so many culprits among them; 0 without either.

    As AC@k itself: culprits among the first k, over the lesser of k and the number of culprits.
    """
    if candidates <= 0 or culprits <= 0:
        return 0.0
    return min(k, candidates) * culprits / candidates / min(k, culprits)
