"""Our transcriptions of N-Sigma and BARO's scorer against the package of BARO's authors."""

import numpy as np
import pandas as pd
import pytest
from baro.root_cause_analysis import nsigma, robust_scorer  # type: ignore[import-untyped]

from tests.accuracy.candidates import Candidates
from tests.accuracy.judging import answer_of
from tests.accuracy.methods import BASELINES

ONSET, STEPS, PODS = 90, 120, 8
RATES = ("reads", "writes", "read_bytes", "written_bytes")


def drawn(seed: int) -> Candidates:
    """Pods whose rates all vary, before and after: the package leaves out what does not."""
    rng = np.random.default_rng(seed)
    rates = rng.lognormal(rng.uniform(0, 6, (PODS, 4, 1)), rng.uniform(0.2, 1.0, (PODS, 4, 1)), (PODS, 4, STEPS))
    rates[rng.integers(PODS), :, ONSET:] *= 4.0
    return Candidates(tuple(f"ns/pod{n}" for n in range(PODS)), rates, np.full(STEPS, 0.1), ONSET)


@pytest.mark.parametrize(("method", "published"), [("N-Sigma", nsigma), ("BARO", robust_scorer)])
@pytest.mark.parametrize("seed", range(10))
def test_pods_are_ranked_as_the_package_ranks_their_best_rates(method: str, published: object, seed: int) -> None:
    """The package ranks columns: a pod stands where its first one does."""
    pods = drawn(seed)
    frame = pd.DataFrame({"time": np.arange(STEPS)})
    for name, rates in zip(pods.names, pods.rates, strict=True):
        for rate, values in zip(RATES, rates, strict=True):
            frame[f"{name} {rate}"] = values
    assert callable(published)
    columns = published(frame, inject_time=ONSET)["ranks"]
    theirs = tuple(dict.fromkeys(column.split()[0] for column in columns))
    assert answer_of(pods, *BASELINES[method]).ranking == theirs
