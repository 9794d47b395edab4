"""Whose flushes they are."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from correlator.analysis.flushes import WRITERS, flushes_per_write
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats

STEPS, ONSET = 120, 90
SPANS = Spans.around(ONSET, STEPS, np.ones(STEPS, dtype=np.bool_))


def writes(seed: int, pods: int) -> Floats:
    """Writes a second of pods that come and go as they like."""
    return np.random.default_rng(seed).gamma(2.0, 50.0, (pods, STEPS))


@pytest.mark.parametrize("seed", range(5))
def test_each_pods_flushes_are_found(seed: int) -> None:
    """A database that flushes with every write, and others that hardly do."""
    wrote, truth = writes(seed, 4), np.array([1.0, 0.0, 0.02, 0.3])
    wrote[:, ONSET:] *= 2.0  # all of them write more, so that each is told apart
    noise = np.random.default_rng(seed + 100).normal(1.0, 0.02, STEPS)
    assert_allclose(flushes_per_write(truth @ wrote * noise, wrote, SPANS), truth, atol=0.03)


def test_a_newcomer_that_flushes_is_told_from_a_heavy_writer_that_does_not() -> None:
    """Flushes come with the newcomer, whatever the other one writes."""
    heavy = writes(1, 1)[0] * 100.0
    newcomer = np.where(np.arange(STEPS) < ONSET, 0.0, 40.0)
    found = flushes_per_write(3.0 + newcomer, np.stack([heavy, newcomer]), SPANS)
    assert found[1] == pytest.approx(1.0, rel=0.1)
    assert found[0] * heavy.mean() < 4.0


def test_who_starts_together_flushes_alike() -> None:
    """Nothing tells two newcomers with the same course apart."""
    newcomer = np.where(np.arange(STEPS) < ONSET, 0.0, 40.0)
    found = flushes_per_write(2 * newcomer, np.stack([newcomer, newcomer]), SPANS)
    assert found == pytest.approx([1.0, 1.0], rel=0.05)


def test_where_nobody_counts_flushes_there_are_none() -> None:
    """Unknown is no price; and an idle device has none to share out."""
    assert flushes_per_write(np.full(STEPS, np.nan), writes(0, 3), SPANS).tolist() == [0.0, 0.0, 0.0]
    assert flushes_per_write(np.zeros(STEPS), writes(0, 3), SPANS).tolist() == [0.0, 0.0, 0.0]
    assert flushes_per_write(np.ones(STEPS), np.zeros((2, STEPS)), SPANS).tolist() == [0.0, 0.0]


def test_unknown_steps_are_left_out() -> None:
    """The device's or everybody's counters were not scraped; one pod's that was not there counts as none."""
    wrote = writes(3, 2)
    wrote[:, ONSET:] *= 2.0
    flushes = 0.5 * wrote[0]
    holes, absent = flushes.copy(), wrote.copy()
    holes[5:20] = np.nan
    absent[:, 30:40] = np.nan
    assert_allclose(flushes_per_write(holes, absent, SPANS), [0.5, 0.0], atol=0.01)


def test_a_crowd_beyond_those_told_apart_shares_one_number() -> None:
    """Those whose writes rose least."""
    wrote = writes(4, WRITERS + 5)
    wrote[:, ONSET:] += np.arange(1, WRITERS + 6)[:, None] * 1000.0
    found = flushes_per_write(0.25 * wrote.sum(axis=0), wrote, SPANS)
    assert len(set(found[:5].tolist())) == 1
    assert_allclose(found, 0.25, rtol=0.05)
