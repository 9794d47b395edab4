"""What the requests themselves explain."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from correlator.analysis.load import view_load
from correlator.analysis.victims import Victims
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats
from tests.unit.analysis.sample_victims import only, victims

STEPS = 140
SPANS = Spans.around(100, STEPS, np.ones(STEPS, dtype=np.bool_))


def stepped(low: float, high: float) -> Floats:
    """`low`, from step 100 on `high`."""
    return np.where(np.arange(STEPS) < 100, low, high)


def seen(rates: Floats, means: Floats, prompts: Floats | None = None, seed: int = 1) -> Victims:
    """A victim with so many requests a step, all of which are served."""
    made = victims(np.random.default_rng(seed).poisson(rates), means, seed=seed)
    if prompts is not None:
        made.prompt_tokens[0] = made.first_tokens[0] * prompts
    return made


def test_more_requests_are_seen_as_load() -> None:
    """Both sides in requests a second."""
    view = view_load(only(seen(stepped(60, 120), stepped(0.05, 0.2))), SPANS)
    assert view.arrivals_up
    assert view.is_up
    assert not view.prompts_up
    assert view.arrivals.baseline == pytest.approx(4, rel=0.05)
    assert view.arrivals.observed == pytest.approx(8, rel=0.05)


def test_longer_prompts_are_seen_as_load() -> None:
    """As many requests, but each asks for more."""
    view = view_load(only(seen(stepped(60, 60), stepped(0.05, 0.2), stepped(500, 2000))), SPANS)
    assert view.prompts_up
    assert not view.arrivals_up
    assert view.prompt_length.observed == pytest.approx(2000)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_load(seed: int) -> None:
    """The same traffic before and during."""
    assert not view_load(only(seen(stepped(20, 20), stepped(0.05, 0.2), seed=seed)), SPANS).is_up


def test_a_rise_that_is_usual_is_no_load() -> None:
    """Traffic that always came in waves did not change when one more came."""
    waves = np.where(np.arange(STEPS) // 20 % 2, 70.0, 40.0)
    assert not view_load(only(seen(waves, stepped(0.05, 0.2))), SPANS).is_up


def test_a_queue_that_grows_because_storage_is_slow_is_no_load() -> None:
    """Fewer finish and more wait: by the balance as many came as ever, though the queue is long."""
    made = seen(stepped(60, 60), stepped(0.05, 0.2))
    finished = made.first_tokens[0].copy()
    finished[100:120] *= 0.5
    backlog = np.cumsum(made.first_tokens[0] - finished)
    made.waiting[0] = backlog
    made.arrivals[0] = finished + np.diff(backlog, prepend=0.0)
    view = view_load(only(made), SPANS)
    assert not view.is_up
    assert view.arrivals.observed == pytest.approx(4, rel=0.05)


def test_ttft_that_follows_prompts_is_explained_by_them() -> None:
    """A victim whose TTFT is 0.1 ms a token: what 1,500 more tokens cost is known from the quiet steps."""
    lengths = 500 + 100 * np.sin(np.arange(STEPS) / 3)
    lengths[100:] = 2000
    made = seen(stepped(200, 200), 1e-4 * lengths, lengths)
    assert view_load(only(made), SPANS).explained_seconds == pytest.approx(0.15, rel=0.15)


def test_load_never_explains_less_than_nothing() -> None:
    """TTFT that falls with load, as when caches warm up, is not extrapolated below zero."""
    lengths = 500 + 100 * np.sin(np.arange(STEPS) / 3)
    made = seen(stepped(200, 100), 0.1 - 1e-4 * lengths, lengths)
    assert view_load(only(made), SPANS).explained_seconds >= 0


def test_too_few_quiet_steps_explain_nothing() -> None:
    """Without a fit the explained part is not known, and that is said as NaN."""
    spans = Spans.around(12, 20, np.ones(STEPS, dtype=np.bool_))
    assert np.isnan(view_load(only(seen(stepped(60, 60), stepped(0.05, 0.05))), spans).explained_seconds)


def test_arrivals_that_are_not_known_fall_back_to_first_tokens() -> None:
    """A server without gauges still shows how many it served; nothing at all is a blind spot."""
    made = seen(stepped(60, 120), stepped(0.05, 0.2))
    made.arrivals[:] = np.nan
    assert view_load(only(made), SPANS).arrivals_up
    made.first_tokens[:] = np.nan
    view = view_load(only(made), SPANS)
    assert not view.seen
    assert view.arrivals.baseline is None


def test_explained_seconds_do_not_depend_on_the_clock() -> None:
    """The same steps at another length explain the same seconds."""
    lengths = 500 + 100 * np.sin(np.arange(STEPS) / 3)
    lengths[100:] = 1000
    requests = np.random.default_rng(1).poisson(60, STEPS)
    views = []
    for step in (5, 60):
        made = victims(requests, 1e-4 * lengths, step)
        made.prompt_tokens[0] = made.first_tokens[0] * lengths
        views.append(view_load(only(made), SPANS).explained_seconds)
    assert_allclose(views[0], views[1])
