"""Each baseline is right where it must be, and fooled where it is known to be."""

import numpy as np
import pytest
from scipy import stats

from correlator.model.frame import Floats
from tests.accuracy.candidates import Candidates
from tests.accuracy.judging import answer_of
from tests.accuracy.methods import BASELINES, baro, n_sigma, two_sample_ks
from tests.accuracy.methods.chance import hits_at

STEPS, ONSET = 200, 160
RNG = np.random.default_rng(3)


def around(level: float, during: float | None = None, spread: float = 0.05) -> Floats:
    """A noisy rate that changes at the onset."""
    values = np.full(STEPS, level)
    values[ONSET:] = level if during is None else during
    return np.asarray(values * (1 + spread * RNG.standard_normal(STEPS)))


def candidates(**moved: Floats) -> Candidates:
    """Pods that write so many bytes in pieces of 64 KiB; first tokens get six times slower at the onset."""
    none = np.zeros(STEPS)
    rates = np.stack([np.stack([none, each / 65536, none, each]) for each in moved.values()])
    return Candidates(tuple(moved), rates, around(0.05, 0.3), ONSET)


PLAIN = {"culprit": around(1e6, 4e8), "steady": around(1e7), "idle": np.zeros(STEPS)}


@pytest.mark.parametrize("method", [name for name in BASELINES if name != "KS of changes"])
def test_the_only_one_that_rose_comes_first(method: str) -> None:
    """Whoever cannot see this sees nothing."""
    answer = answer_of(candidates(**PLAIN), *BASELINES[method])
    assert answer.ranking[0] == "culprit"
    assert answer.accused == {"culprit"}
    assert set(answer.ranking) == set(PLAIN)


def test_changes_show_what_becomes_erratic() -> None:
    """KS of changes finds a pod whose rate jumps about since the onset."""
    erratic = around(1e6)
    erratic[ONSET:] = RNG.uniform(0, 4e8, STEPS - ONSET)
    answer = answer_of(candidates(steady=around(1e7), culprit=erratic), *BASELINES["KS of changes"])
    assert answer.ranking[0] == "culprit"


def test_top_talker_blames_the_one_that_was_always_heavy() -> None:
    """A constant heavy writer tops the list, though it changed nothing."""
    pods = candidates(heavy=around(6e8), culprit=around(1e6, 2e8))
    assert answer_of(pods, *BASELINES["top talker"]).ranking[0] == "heavy"


def test_correlation_blames_whoever_slows_down() -> None:
    """A victim's victim correlates as strongly, with the other sign."""
    slowed, culprit = around(2e7, 1e6, 0.01), around(1e6, 4e8, 0.4)
    assert answer_of(candidates(culprit=culprit, slowed=slowed), *BASELINES["Pearson"]).accused == {"slowed"}


@pytest.mark.parametrize("method", ["N-Sigma", "BARO"])
def test_scaled_maximum_blames_a_small_pod_that_was_very_steady(method: str) -> None:
    """A bystander with little I/O and less variance before outranks the culprit."""
    pods = candidates(culprit=around(1e8, 4e8, 0.2), bystander=around(1e4, 1e5, 1e-4))
    assert answer_of(pods, *BASELINES[method]).ranking[0] == "bystander"


@pytest.mark.parametrize("method", ["N-Sigma", "BARO"])
def test_scaled_maximum_blames_somebody_else_when_the_onset_is_late(method: str) -> None:
    """What the culprit does is usual by then, for N-Sigma; the robust scorer holds out as long as most is quiet."""
    pods = candidates(culprit=around(1e6, 4e8), other=around(1e7, spread=0.1))
    late = Candidates(pods.names, pods.rates[:, :, 150:], pods.ttft[150:], 30)
    assert answer_of(late, *BASELINES[method]).ranking[0] == "other"


def test_levels_differ_for_whoever_slows_down() -> None:
    """KS has no direction: the slowed pod is as unlike itself as the culprit."""
    pods = candidates(culprit=around(1e6, 4e8), slowed=around(2e7, 1e6))
    scores = BASELINES["two-sample KS"][0](pods)
    assert scores.min() > BASELINES["two-sample KS"][1]


def test_nobody_is_accused_below_the_threshold() -> None:
    """Where nothing changed, methods with a notion of the usual accuse nobody, but rank all the same."""
    quiet = Candidates(("a", "b"), candidates(a=around(1e7), b=around(1e7)).rates, around(0.05), ONSET)
    for method in ("Pearson", "two-sample KS", "KS of changes"):
        answer = answer_of(quiet, *BASELINES[method])
        assert not answer.accused, method
        assert len(answer.ranking) == 2


def test_without_candidates_nobody_is_named() -> None:
    """An empty node."""
    none = Candidates((), np.empty((0, 4, STEPS)), around(0.05), ONSET)
    assert all(answer_of(none, *each).ranking == () for each in BASELINES.values())


def test_unknown_steps_do_not_change_who_comes_first() -> None:
    """Failed scrapes: a tenth of all values is missing."""
    pods = candidates(**PLAIN)
    rates = np.where(RNG.random((3, 1, STEPS)) < 0.1, np.nan, pods.rates)
    for name in ("top talker", "Pearson", "N-Sigma", "BARO", "two-sample KS"):
        answer = answer_of(Candidates(pods.names, rates, pods.ttft, ONSET), *BASELINES[name])
        assert answer.ranking[0] == "culprit", name


def test_chance_is_what_random_orders_reach() -> None:
    """Against the mean of many orders drawn at random."""
    names = np.arange(7)
    for k, culprits in ((1, 1), (1, 3), (2, 3), (5, 2), (5, 1)):
        drawn = [np.sum(RNG.permutation(names)[:k] < culprits) / min(k, culprits) for _ in range(20_000)]
        assert hits_at(k, 7, culprits) == pytest.approx(np.mean(drawn), abs=0.012)
    assert hits_at(5, 3, 1) == 1.0
    assert hits_at(1, 0, 0) == 0.0


def test_scores_are_per_pod() -> None:
    """The highest scaled value over a pod's rates, computed by hand."""
    rates = np.zeros((1, 4, 6))
    rates[0, 1] = [1.0, 3.0, 1.0, 3.0, 8.0, 5.0]
    pods = Candidates(("a",), rates, np.full(6, 0.1), 4)
    assert n_sigma.score(pods)[0] == pytest.approx((8.0 - 2.0) / 1.0)
    assert baro.score(pods)[0] == pytest.approx((8.0 - 2.0) / 2.0)


@pytest.mark.parametrize("seed", range(5))
def test_distance_is_the_one_of_the_test_of_kolmogorov_and_smirnov(seed: int) -> None:
    """Against scipy's, with ties."""
    rng = np.random.default_rng(seed)
    before, after = rng.poisson(5.0, 80).astype(float), rng.poisson(7.0, 20).astype(float)
    expected = stats.ks_2samp(before, after).statistic
    assert two_sample_ks.distance(before, after) == pytest.approx(expected)
