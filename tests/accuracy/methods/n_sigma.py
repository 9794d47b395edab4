"""N-Sigma: the highest z-score after the onset, by mean and standard deviation of before."""

from correlator.model.frame import Floats
from tests.accuracy.candidates import Candidates
from tests.accuracy.methods.scaling import highest

THRESHOLD = 3.0
"""The usual three sigma."""


def score(candidates: Candidates) -> Floats:
    """The highest z of each pod, shape (P,)."""
    return highest(candidates, lambda before: (float(before.mean()), float(before.std())))
