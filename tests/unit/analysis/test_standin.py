"""A victim whose window holds nothing normal is compared with the same hour of another day."""

import pytest

from correlator.analysis.memory import Memory, PastRegression
from correlator.catalog import load
from correlator.inquiry import Inquiry, Walk
from correlator.model.finding import Finding, Verdict
from tests.calibrated import calibrated
from tests.pasts import DAY, Daily, PastSource, always
from tests.scenes import Story
from tests.unit.analysis import stories
from tests.unit.analysis.stories import ONSET, STEPS

STEP = 15
START = stories.quiet().start
SIGNALS = load()
INSTEAD = "compared_with_yesterday"


def judged(
    story: Story, ttft: Daily, *, history_seconds: int = 3 * DAY, memory: Memory | None = None, first: int = ONSET
) -> list[Finding]:
    """All findings from a step on."""
    inquiry = Inquiry(
        source=PastSource(story, ttft=ttft),
        signals=SIGNALS,
        parameters=calibrated(history_seconds=history_seconds),
        tiers={},
    )
    steps = Walk(inquiry, STEP, START + first * STEP, memory).advance(START + STEPS * STEP)
    return [finding for evaluation in steps for finding in evaluation.findings]


def newborn(story: Story) -> Story:
    """The victim's pod is there from the onset on, and not before."""
    story.missing = {"vllm": slice(0, ONSET)}
    return story


def test_a_new_pod_under_contention_is_seen_and_the_job_accused() -> None:
    """It was never normal; yesterday at this hour its workload was. The volume's own quiet hour is still there."""
    findings = judged(newborn(stories.one_writer()), always(0.05))
    assert {finding.detected_at for finding in findings} == {findings[0].detected_at}
    assert (findings[0].detected_at.timestamp() - START) / STEP - ONSET <= 30
    assert all(INSTEAD in finding.reasons for finding in findings)
    last = findings[-1]
    assert last.verdict is Verdict.CONTENTION
    assert [suspect.pod for suspect in last.suspects if suspect.accused] == ["reindex-abc"]
    assert last.ttft.statistic == "p95"
    assert last.ttft.baseline_seconds == pytest.approx(0.09, rel=0.1)
    assert "its baseline is this hour yesterday" in last.explanation


def test_a_new_pod_that_is_as_slow_as_yesterday_is_left_alone() -> None:
    """That is how this workload is at this hour."""
    story = newborn(stories.slow_tokens(stories.story()))
    assert judged(story, always(0.2)) == []


def test_a_new_pod_without_history_has_no_baseline() -> None:
    """Nothing is known of what is normal, so nothing is said."""
    assert judged(newborn(stories.one_writer()), always(0.05), history_seconds=0) == []


def test_a_server_that_is_slow_for_its_first_minutes_is_no_regression() -> None:
    """Caches are cold: four minutes slow, then as yesterday."""
    story = newborn(stories.story())
    story.ttft_seconds = story.stepped(0.05, 0.2, ONSET, ONSET + 16)
    assert judged(story, always(0.05)) == []


def test_an_hour_that_was_bad_all_along_is_no_baseline() -> None:
    """A worse regression ended just now; what is slow since then is measured by yesterday."""
    story = stories.story()
    story.ttft_seconds = story.stepped(0.8, 0.2, ONSET, STEPS)
    past = PastRegression(
        namespace="inference", pod="vllm-0", model_name="llama", start=START, end=START + (ONSET - 2) * STEP
    )
    findings = judged(story, always(0.05), memory=Memory(past=(past,)), first=ONSET + 4)
    assert findings
    assert INSTEAD in findings[0].reasons
    assert judged(story, always(0.05), memory=Memory(past=(past,)), first=ONSET + 4, history_seconds=0) == []
