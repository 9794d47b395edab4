"""Baselines: what people do today, or what the literature proposes, on the very same candidates.

Each takes `Candidates` and returns a score for each pod, higher is more suspect, with its natural threshold. All rank
every pod they are given; they accuse their first when its score reaches the threshold.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from correlator.model.frame import Floats
from tests.accuracy.candidates import Candidates
from tests.accuracy.methods import baro, n_sigma, pearson, top_talker, two_sample_ks

Score: TypeAlias = Callable[[Candidates], Floats]

BASELINES: Mapping[str, tuple[Score, float]] = {
    "top talker": (top_talker.score, top_talker.THRESHOLD),
    "Pearson": (pearson.score, pearson.THRESHOLD),
    "N-Sigma": (n_sigma.score, n_sigma.THRESHOLD),
    "BARO": (baro.score, baro.THRESHOLD),
    "two-sample KS": (two_sample_ks.score, two_sample_ks.THRESHOLD),
    "KS of changes": (two_sample_ks.score_of_changes, two_sample_ks.THRESHOLD),
}
