"""A rise that is usual for this hour is no regression; one beyond it, and one by storage, is."""

from collections.abc import Callable

import numpy as np
import pytest

from correlator.analysis.level import Level
from correlator.analysis.season import USUAL, Hour, season_requests, usual_since
from correlator.analysis.victims import VictimKey
from correlator.catalog import load
from correlator.inquiry import Inquiry, Walk
from correlator.model.finding import Finding, Verdict
from correlator.model.frame import Floats
from correlator.model.topology import PodRef, Topology
from tests.calibrated import calibrated
from tests.pasts import DAY, Daily, PastSource
from tests.scenes import Story
from tests.unit.analysis import stories
from tests.unit.analysis.stories import FIRST, LATER, ONSET

STEP = 15
START = stories.quiet().start
VICTIM = PodRef("inference", "vllm-0")
SIGNALS = load()


def peak(value: float, hours: tuple[float, float] = (8.5, 9.5)) -> Daily:
    """First tokens of `value` seconds from half past eight, when the story's trouble begins too; else 50 ms."""
    return lambda second: np.where((second >= hours[0] * 3600) & (second < hours[1] * 3600), value, 0.05)


def walk(story: Story, ttft: Daily) -> Walk:
    """The engine on a story with such days before it."""
    source = PastSource(story, ttft=ttft)
    return Walk(Inquiry(source=source, signals=SIGNALS, parameters=calibrated(), tiers={}), STEP, START + FIRST * STEP)


def judged(story: Story, ttft: Daily) -> list[Finding]:
    """All findings about the trouble."""
    steps = walk(story, ttft).advance(START + LATER * STEP)
    return [finding for evaluation in steps for finding in evaluation.findings]


@pytest.mark.parametrize("hours", [(8.5, 9.5), (8.2, 9.0), (8.75, 9.75)], ids=["punctual", "early", "late"])
def test_a_daily_peak_is_no_regression(hours: tuple[float, float]) -> None:
    """Computing takes four times as long, as it did yesterday at this hour or a quarter of an hour off it."""
    assert judged(stories.slow_compute(), peak(0.2, hours)) == []


@pytest.mark.parametrize("story", [stories.more_load, stories.longer_prompts])
def test_a_daily_peak_of_load_is_no_regression(story: Callable[[], Story]) -> None:
    """More requests or longer prompts, as yesterday; on another day they are a regression by load."""
    assert judged(story(), peak(0.2)) == []
    assert judged(story(), peak(0.05))[-1].verdict is Verdict.LOAD


@pytest.mark.parametrize("yesterday", [0.05, 0.1])
def test_a_rise_beyond_what_is_usual_opens(yesterday: float) -> None:
    """Nothing yesterday, or half of it: a person feels the difference."""
    findings = judged(stories.slow_compute(), peak(yesterday))
    assert findings[0].verdict in (Verdict.OTHER, Verdict.UNDETERMINED)
    assert findings[-1].verdict is Verdict.OTHER
    assert all(USUAL not in finding.reasons for finding in findings)


def test_a_genuine_regression_within_a_daily_peak_opens() -> None:
    """The peak takes first tokens to 100 ms each day; today they take 400 ms."""
    story = stories.slow_tokens(stories.story(), ratio=8.0)
    assert judged(story, peak(0.1))


def test_a_peak_at_another_hour_excuses_nothing() -> None:
    """Yesterday it was in the afternoon."""
    assert judged(stories.slow_compute(), peak(0.2, (14.0, 16.0)))


def test_contention_that_happens_every_day_opens_and_says_that_it_is_usual() -> None:
    """The re-index job of each morning is what people want to be told of."""
    findings = judged(stories.one_writer(), peak(0.2))
    assert findings[-1].verdict is Verdict.CONTENTION
    assert [suspect.pod for suspect in findings[-1].suspects if suspect.accused] == ["reindex-abc"]
    assert USUAL in findings[-1].reasons
    assert "First tokens were as slow at this hour yesterday." in findings[-1].explanation


def test_contention_that_is_usual_opens_within_steps_of_one_that_is_not() -> None:
    """It waits for a verdict, no longer."""
    usual, new = (judged(stories.one_writer(), ttft)[0] for ttft in (peak(0.2), peak(0.05)))
    assert 0 <= (usual.detected_at - new.detected_at).total_seconds() <= 6 * STEP


def test_whoever_asks_about_a_usual_peak_is_told() -> None:
    """No incident is open, and the reason has a name."""
    made = walk(stories.slow_compute(), peak(0.2))
    list(made.advance(START + (ONSET + 12) * STEP))
    found = made.explain(VICTIM)
    assert found is not None
    assert {"no_open_regression", USUAL} <= set(found.reasons)


def test_what_is_asked_depends_on_the_step_alone() -> None:
    """The same for ten minutes of steps, then the next ten; an hour around the same time of day."""
    key = VictimKey(VICTIM, "llama")
    asked = [season_requests(key, Topology(), START + seconds, STEP) for seconds in (0, 15, 585, 600)]
    assert asked[0] == asked[1] == asked[2] != asked[3]
    for name, age in (("yesterday", DAY), ("last_week", 7 * DAY)):
        grid = asked[0][name].grid
        assert grid.start + grid.step <= START - age - 1800 + grid.step
        assert grid.last == START - age + 1800


BOUNDS = np.array([0.1, 0.2, 0.4, np.inf])


def hour(*means: float, requests: float = 40.0) -> Hour:
    """An hour whose steps had these means, all requests of a step in one bucket."""
    counts: Floats = np.zeros((len(BOUNDS), len(means)))
    counts[np.searchsorted(BOUNDS, means), np.arange(len(means))] = requests
    return Hour(counts, np.array(means) * requests)


def level(mean: float) -> Level:
    """Fifty requests of that mean."""
    counts = np.zeros(len(BOUNDS))
    counts[np.searchsorted(BOUNDS, mean)] = 50.0
    return Level(counts, mean, 50.0)


def test_last_week_stands_in_where_yesterday_was_another_kind_of_day() -> None:
    """Monday is compared with Monday too; the nearest day that was as slow is named."""
    flat, peaked = hour(*[0.05] * 12), hour(*[0.05] * 6, *[0.3] * 6)
    now = level(0.3)
    assert usual_since(now, {"yesterday": flat, "last_week": peaked}, BOUNDS, calibrated()) == "last_week"
    assert usual_since(now, {"yesterday": peaked, "last_week": peaked}, BOUNDS, calibrated()) == "yesterday"
    assert usual_since(now, {"yesterday": flat, "last_week": flat}, BOUNDS, calibrated()) is None
    assert usual_since(now, {}, BOUNDS, calibrated()) is None


def test_a_few_slow_requests_make_no_usual_hour() -> None:
    """A quarter of an hour with hardly any requests is no peak."""
    sparse = hour(*[0.3] * 12, requests=2.0)
    assert usual_since(level(0.3), {"yesterday": sparse}, BOUNDS, calibrated()) is None
