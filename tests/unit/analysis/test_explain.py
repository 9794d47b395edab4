"""The words of a finding."""

import re
from collections.abc import Callable
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


CONTENTIONS = (
    stories.one_writer,
    stories.one_reader,
    stories.two_writers,
    stories.bystander,
    stories.heavy_innocent,
    stories.writer_and_load,
    stories.unattributed,
)


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph; a point within a number or a name ends none."""
    return re.split(r"(?<=[.])\s+(?=\S)", text)


@pytest.mark.parametrize("teller", CONTENTIONS)
def test_a_contention_is_told_in_four_to_eight_sentences_the_answer_first(teller: Callable[[], Story]) -> None:
    """Whoever reads only the first one knows who did what to whom, where, and how sure that is."""
    finding = told(teller())
    read = sentences(finding.explanation)
    assert 4 <= len(read) <= 8
    for suspect in finding.suspects:
        if suspect.accused and suspect.pod:
            assert f"{suspect.namespace}/{suspect.pod} (confidence {suspect.confidence:.2f})" in read[0]
    for part in ("inference/vllm-0", "n1/sda", "rose from", "requests"):
        assert part in read[0]


@pytest.mark.parametrize("teller", CONTENTIONS)
def test_what_would_have_been_is_the_mean_less_what_they_cost(teller: Callable[[], Story]) -> None:
    """The counterfactual mean is the observed one without the mean excess of who is accused, and near the baseline."""
    finding = told(teller())
    means = finding.evidence.mean_ttft
    cost = sum(suspect.mean_excess_seconds or 0.0 for suspect in finding.suspects if suspect.accused)
    assert means is not None
    assert means.baseline_seconds is not None
    assert means.observed_seconds is not None
    assert means.without_suspects_seconds == pytest.approx(means.observed_seconds - cost)
    assert means.without_suspects_seconds == pytest.approx(means.baseline_seconds, rel=0.1)
    assert f"would have been about {seconds(means.without_suspects_seconds)}" in finding.explanation


def test_nobody_blamed_nothing_to_be_without() -> None:
    """Only a contention has a counterfactual."""
    means = told(stories.degraded()).evidence.mean_ttft
    assert means is not None
    assert means.without_suspects_seconds is None


@pytest.mark.parametrize(
    ("story", "causes"),
    [
        (stories.one_writer(), {"load", "degraded_device", "own_io"}),
        (stories.writer_and_load(), {"degraded_device", "own_io"}),
        (stories.degraded(), {"load", "own_io"}),
        (stories.own_io(), {"load", "degraded_device"}),
        (stories.more_load(), {"contention"}),
        (stories.slow_compute(), {"load", "contention"}),
        (stories.unexposed(), {"load", "contention"}),
        (stories.node_exporter_gone(), {"load"}),
    ],
)
def test_what_is_ruled_out_has_its_number(story: Story, causes: set[str]) -> None:
    """The causes that the story excludes, each with a figure before and during."""
    finding = told(story)
    assert {one.cause for one in finding.evidence.ruled_out} == causes
    for one in finding.evidence.ruled_out:
        assert None not in (one.figure.baseline, one.figure.observed)
        assert re.search(r"\d", one.sentence)
        if one.cause != "contention":
            assert f"({one.sentence})" in finding.explanation


def test_a_load_that_rose_too_is_told_with_its_part() -> None:
    """It is not ruled out, but weighed."""
    text = told(stories.writer_and_load()).explanation
    assert "Load rose too (requests went from 4 to 5" in text
    assert "of it." in text


def test_the_next_ones_are_told_with_why_not() -> None:
    """First who added most of the rest, then the largest."""
    text = told(stories.bystander()).explanation
    others = "logging/fluent-1 (added 1.0 % of the device time), web/nginx-1 (constant: 50 MB/s before and after)"
    assert f"Not the others: {others}." in text


def test_the_limit_is_told_with_the_rate_that_stood_still() -> None:
    """The volume's bound is that of the evidence, and its words are in the paragraph."""
    finding = told(stories.one_writer())
    limit = finding.evidence.limit
    assert finding.volume is not None
    assert limit is not None
    assert finding.volume.bound == limit.bound == "throughput"
    assert "it ran out of throughput: 460 MB/s" in limit.sentence
    assert limit.sentence in finding.explanation


def test_many_culprits_are_counted_not_listed() -> None:
    """Four jobs together: three by name, and how many more."""
    made = stories.contention()
    made.device_pods += [made.writer("data", f"job-{i}", stories.ONSET, stories.END, bandwidth=90e6) for i in range(4)]
    finding = told(made)
    accused = sum(suspect.accused for suspect in finding.suspects)
    assert accused == 4
    assert "and 1 more made first tokens slow" in finding.explanation
    assert len(sentences(finding.explanation)) <= 8
