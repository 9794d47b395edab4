"""Why not the others: each with the reason that the story gives it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.analysis.considered import SHOWN, considered, earlier_rises
from correlator.model.finding import Considered, Finding
from correlator.model.topology import PodRef
from tests.scenes import PodIo, Story
from tests.unit.analysis import stories
from tests.unit.analysis.playing import case_of, play
from tests.unit.analysis.stories import END, FIRST, LATER, ONSET, STEPS


def finding_of(story: Story, last: int = LATER) -> Finding:
    """The last finding of a story."""
    return play(story, FIRST, last).last


def why_not(story: Story, pod: str, last: int = LATER) -> Considered:
    """What is said of one pod, whatever its confidence, when the re-index job alone is blamed."""
    case, topology = case_of(story, ONSET, last)
    others, _ = considered(case, topology, frozenset({PodRef("data", "reindex-abc")} - {PodRef("data", pod)}))
    return next(one for one in others if one.pod == pod)


def with_writer(start: int, bandwidth: float, end: int = END) -> Story:
    """A second job beside the culprit."""
    made = stories.one_writer()
    made.device_pods.append(made.writer("data", "other-1", start, end, bandwidth=bandwidth))
    return made


def with_habit() -> Story:
    """Beside the culprit, a job that has its burst of 300 MB/s every few minutes, and one at the onset."""
    made = stories.one_writer()
    none = made.filled(0.0)
    bursts = np.where((np.arange(STEPS) - ONSET) % 24 < 6, 300e6, 0.0)
    made.device_pods.append(PodIo("data", "other-1", none, bursts / 524288, none, bursts, owner="CronJob"))
    return made


@pytest.mark.parametrize(
    ("story", "pod", "reason", "sentence"),
    [
        (stories.one_writer(), "nginx-1", "constant", "constant: 50 MB/s before and after"),
        (stories.heavy_innocent(), "ingest-1", "fell", "fell from 200 MB/s to 180 MB/s"),
        (stories.bystander(), "fluent-1", "small", "added 1.0 % of the device time"),
        (with_writer(ONSET - 10, 300e6), "other-1", "early", "rose 150 s before first tokens got slow"),
        (with_writer(ONSET - 40, 300e6), "other-1", "early", "rose more than 5 min before first tokens got slow"),
        (with_writer(ONSET + 6, 300e6), "other-1", "late", "rose 90 s after first tokens got slow"),
        (with_writer(ONSET, 60e6), "other-1", "not_sure", "added 13 % of the device time, but with confidence 0."),
        (
            stories.slow_compute(),
            "reindex-abc",
            "no_contention",
            "rose from 0 B/s to 5 MB/s, but the volume is no worse",
        ),
        (stories.cadvisor_gone(), "nginx-1", "not_seen", "its I/O is not known during"),
    ],
)
def test_each_reason_has_its_number(story: Story, pod: str, reason: str, sentence: str) -> None:
    """The first reason that holds is named, and a person can check it."""
    one = why_not(story, pod)
    assert one.reason == reason
    assert one.sentence.startswith(sentence)


def test_a_habit_speaks_for_who_has_it() -> None:
    """A job whose bursts never hurt anybody is told of with their number."""
    one = why_not(with_habit(), "other-1", ONSET + 4)
    assert one.reason == "usual"
    assert one.sentence == "did as much 5 times in the 30 min before, and first tokens stayed fast"


def test_an_idle_pod_is_called_idle() -> None:
    """A few kilobytes are next to nothing."""
    made = stories.one_writer()
    made.device_pods.append(stories.always(made, "idle", "idle-1", 2e3))
    assert why_not(made, "idle-1").sentence == "next to no I/O: 2 kB/s"


def test_neither_the_culprit_nor_the_victim_is_among_the_others() -> None:
    """Only who is not blamed needs an excuse."""
    named = {one.pod for one in finding_of(stories.two_writers()).evidence.considered}
    assert named == {"nginx-1"}


def test_of_a_crowd_the_largest_are_told_of_and_the_rest_is_counted() -> None:
    """The list is bounded, whatever the node runs."""
    made = stories.one_writer()
    made.device_pods += [stories.always(made, "crowd", f"c-{i:02}", (i + 1) * 1e6) for i in range(30)]
    evidence = finding_of(made).evidence
    assert len(evidence.considered) == SHOWN
    assert len(evidence.considered) + evidence.considered_rest == 31
    assert [one.pod for one in evidence.considered[:3]] == ["nginx-1", "c-29", "c-28"]
    sizes = [one.device_time_ratio.observed for one in evidence.considered]
    assert sizes == sorted(sizes, key=lambda size: -(size or 0.0))


def test_figures_are_those_of_the_pod() -> None:
    """Bytes before and during, share, workload, and when its own rise began."""
    one = why_not(with_writer(ONSET + 6, 300e6), "other-1")
    assert one.workload == "Job/other"
    assert one.lag_seconds == 90.0
    assert one.bytes_per_second.baseline == 0.0
    assert 0.1 < one.share_ratio < 0.5
    still = why_not(stories.one_writer(), "nginx-1")
    assert still.lag_seconds is None
    assert still.bytes_per_second.observed == pytest.approx(50e6)


@settings(max_examples=60)
@given(st.lists(st.booleans(), min_size=4, max_size=60), st.integers(1, 6))
def test_earlier_rises_are_runs_of_stretches(busy: list[bool], length: int) -> None:
    """Counted one by one: stretches at or above the level, those next to each other being one rise."""
    values = np.array(busy, dtype=float)
    before = np.ones(len(busy), dtype=np.bool_)
    length_used = max(1, min(length, len(busy) // 4))
    rises, inside = 0, False
    for first in range(len(busy) - length_used + 1):
        full = all(busy[first : first + length_used])
        rises += full and not inside
        inside = full
    assert earlier_rises(values, before, length, 1.0 - 1e-9) == rises
