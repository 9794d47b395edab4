"""Whether errors rose at an onset: an exact test of two counts, on counts made no surer than they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from scipy.special import betainc

FEWEST_ERRORS = 5
LEAST_RATIO = 3.0
LARGEST_P_VALUE = 0.001
"""What counts as a rise: enough lines to speak of, a difference that a reader sees, and hardly by chance."""

_FEWEST_BUCKETS = 5
_USUAL = 0.9
_LARGEST_P_OF_BUCKETS = 0.05


@dataclass(frozen=True, slots=True)
class Rise:
    """`rate_ratio` is None without errors before, both it and `p_value` where nothing is there to compare with."""

    rate_ratio: float | None
    p_value: float | None
    is_rise: bool


def rise_of(before: Sequence[int], after: Sequence[int], tests: int = 1) -> Rise:
    """Counts a bucket before and after; `tests` is how many pods are looked at, each a chance to be wrong.

    Given all errors, those after the onset are binomial with the share of time that lies after it, if the rate stayed
    the same (Przyborowski and Wilenski 1940, doi:10.1093/biomet/31.3-4.313). Errors come in heaps: counts are first
    divided by the dispersion that the buckets before show, variance over mean, where it is above 1; and a rise has
    to show in more than one bucket, by the same test of the buckets that stand out.
    """
    if len(before) < _FEWEST_BUCKETS or not after:
        return Rise(None, None, is_rise=False)
    total_before, total_after = sum(before), sum(after)
    ratio = (total_after / len(after)) / (total_before / len(before)) if total_before else None
    heap = _dispersion(before)
    p_value = min(1.0, tests * _p_value(before, after, heap))
    is_rise = (
        total_after >= FEWEST_ERRORS
        and (ratio is None or ratio >= LEAST_RATIO)
        and p_value <= LARGEST_P_VALUE
        and _lasts(before, after)
    )
    return Rise(ratio, p_value, is_rise)


def _lasts(before: Sequence[int], after: Sequence[int]) -> bool:
    """Whether more buckets after the onset than before stand out: one heap of lines is one event, however large."""
    usual = sorted(before)[int(_USUAL * (len(before) - 1))]
    return _p_value([count > usual for count in before], [count > usual for count in after]) <= _LARGEST_P_OF_BUCKETS


def _p_value(before: Sequence[int], after: Sequence[int], heap: float = 1.0) -> float:
    later = int(sum(after) / heap)
    if not later:
        return 1.0
    share = len(after) / (len(before) + len(after))
    return float(betainc(later, round(sum(before) / heap) + 1, share))


def _dispersion(counts: Sequence[int]) -> float:
    mean = fmean(counts)
    return max(1.0, variance(counts, mean) / mean) if mean else 1.0
