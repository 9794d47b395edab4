"""Which verdict was given, and which was right."""

from collections import Counter
from collections.abc import Iterable

from tests.accuracy.accusing import Proportion
from tests.accuracy.results import VictimResult


def confusion(results: Iterable[VictimResult]) -> Counter[tuple[str, str]]:
    """How often each (right verdict, given verdict) occurred."""
    return Counter((each.right_verdict, each.verdict) for each in results)


def accuracy(results: Iterable[VictimResult]) -> Proportion:
    """How often they were the same."""
    judged = list(results)
    return Proportion(sum(each.right_verdict == each.verdict for each in judged), len(judged))
