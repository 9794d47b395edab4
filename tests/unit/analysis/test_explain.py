"""The words of a finding."""

from dataclasses import replace

import numpy as np
import pytest

from correlator.analysis.wording import rate, seconds
from correlator.model.finding import Finding
from correlator.model.frame import Frame, Frames, labels_of
from tests.factories import HOSTILE
from tests.scenes import Story
from tests.unit.analysis import stories
from tests.unit.analysis.playing import play, play_frames
from tests.unit.analysis.stories import FIRST, LATER


def told(story: Story) -> Finding:
    """The last finding of a story."""
    return play(story, FIRST, LATER).last


@pytest.mark.parametrize(
    ("value", "words"), [(None, "unknown"), (2e-4, "200 µs"), (0.0764, "76.4 ms"), (1.4, "1.4 s"), (0.0, "0 µs")]
)
def test_durations_are_told_as_people_do(value: float | None, words: str) -> None:
    """Three digits and a unit that fits."""
    assert seconds(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "unknown"), (12.0, "12 B/s"), (4e3, "4 kB/s"), (4.1e8, "410 MB/s"), (2.5e9, "2.5 GB/s")],
)
def test_rates_are_told_as_people_do(value: float | None, words: str) -> None:
    """Decimal units, as disks are sold."""
    assert rate(value) == words


def test_contention_is_told_with_the_culprit_and_its_numbers() -> None:
    """Who, how much, how fast, on which volume, from when to when, and what it cost."""
    text = told(stories.one_writer()).explanation
    for part in ("data/reindex-abc", "100 %", "n1/sda", "MB/s", "inference/vllm-0", "p95", "confidence 0.9", "cost 1"):
        assert part in text
    assert "Ruled out: load (requests went from 4 to" in text


def test_the_advice_names_the_culprit() -> None:
    """A job is suspended, a deployment throttled."""
    advice = told(stories.one_writer()).advice
    assert [one.action for one in advice] == ["suspend the job"]
    assert advice[0].command.startswith("kubectl -n data patch job reindex ")
    made = stories.one_writer()
    made.device_pods[-1] = replace(made.device_pods[-1], owner="Deployment")
    assert "describe pod reindex-abc" in told(made).advice[0].command


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (stories.degraded(), "the device itself got slower"),
        (stories.own_io(), "the victim's own"),
        (stories.more_load(), "requests went from"),
        (stories.longer_prompts(), "prompts from 500 to 2000 tokens"),
        (stories.slow_compute(), "storage did not cause this"),
        (stories.unexposed(), "does not depend on it enough"),
        (stories.cadvisor_gone(), "nobody can be named"),
        (stories.node_exporter_gone(), "the counters of its volume are missing"),
        (stories.unattributed(), "I/O that no pod accounts for"),
        (stories.frozen(), "stopped giving first tokens while requests wait"),
    ],
)
def test_every_verdict_says_why(story: Story, words: str) -> None:
    """In one sentence that a person can check."""
    assert words in told(story).explanation


def test_nobody_is_named_where_nobody_did_it() -> None:
    """A pod that merely started at that minute is not in the text."""
    assert "reindex" not in told(stories.slow_compute()).explanation
    assert "nginx" not in told(stories.degraded()).explanation


def test_a_hostile_name_stays_a_name() -> None:
    """Markup, quotes and braces in a label are told as they are, and change no verdict."""
    hostile = f"{HOSTILE}{{0}} %s"
    frames = stories.one_writer().frames()
    changed = {}
    for name, frame in frames.by_signal.items():
        rows = {
            labels_of({k: v.replace("reindex-abc", hostile) for k, v in labels}): values
            for labels, values in zip(frame.labels, frame.values, strict=True)
        }
        changed[name] = Frame.from_rows(name, frame.grid, rows)
    last = play_frames(Frames(frames.grid, changed, frames.intervals), FIRST, LATER).last
    assert [s.pod for s in last.suspects if s.accused] == [hostile]
    assert f"data/{hostile}" in last.explanation


def test_the_evidence_shows_who_did_it_on_one_time_axis() -> None:
    """First tokens with baseline, the volume, the culprit and the victim's own I/O; unknown is None, never NaN."""
    evidence = told(stories.one_writer()).evidence
    roles = {series.role for series in evidence.series}
    assert {"ttft", "ttft_baseline", "requests", "volume", "suspect", "victim_io"} <= roles
    for series in evidence.series:
        assert len(series.values) == len(evidence.times)
        assert all(value is None or np.isfinite(value) for value in series.values)
    assert evidence.onset in evidence.times
