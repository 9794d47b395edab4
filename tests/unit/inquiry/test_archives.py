"""Days before an incident: asked for when it opens, once, narrowed, and the same however the walk goes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from correlator.analysis.memory import Memory
from correlator.catalog import load
from correlator.inquiry import Inquiry, Walk
from correlator.inquiry.archives import Archives
from correlator.model.finding import Finding, Suspect
from correlator.model.frame import BlindSpot
from correlator.model.grid import Grid
from correlator.model.history import HistoryRequest
from correlator.model.source import SourceError
from correlator.model.topology import PodRef
from tests.calibrated import calibrated
from tests.pasts import DAY, PastSource, always, at_night
from tests.scenes import KUBELET
from tests.unit.analysis import stories
from tests.unit.analysis.stories import FIRST, LATER

START = stories.quiet().start
STEP = 15
SIGNALS = load()
JOB = r"reindex\-abc|reindex(-[0-9]{1,6})?-[bcdfghjklmnpqrstvwxz2456789]{5}"


def inquiry(source: PastSource, history_seconds: int = 3 * DAY) -> Inquiry:
    """The engine on that source."""
    return Inquiry(source=source, signals=SIGNALS, parameters=calibrated(history_seconds=history_seconds), tiers={})


def judged(source: PastSource, history_seconds: int = 3 * DAY) -> list[Finding]:
    """All findings of one walk over the trouble."""
    steps = inquiry(source, history_seconds).steps(START + FIRST * STEP, START + LATER * STEP)
    return [finding for evaluation in steps for finding in evaluation.findings]


def culprit(findings: list[Finding]) -> Suspect:
    """The job, as last spoken of."""
    return next(suspect for suspect in findings[-1].suspects if suspect.pod == "reindex-abc")


def test_a_job_that_runs_every_night_without_harm_has_a_high_p_value() -> None:
    """Its pods of three nights are one workload; all that says so are days that the window does not hold."""
    harmless = culprit(judged(PastSource(stories.one_writer())))
    assert harmless.recurrence is not None
    assert harmless.recurrence.rises == 3
    assert harmless.p_value is not None
    assert harmless.p_value > 0.05
    unknown = culprit(judged(PastSource(stories.one_writer()), history_seconds=0))
    assert unknown.recurrence is None
    assert unknown.p_value is not None
    assert unknown.p_value < harmless.p_value
    assert unknown.features["culprit.unusual"] > harmless.features["culprit.unusual"]
    assert unknown.confidence >= harmless.confidence


def test_a_job_that_never_ran_is_as_unusual_as_three_days_can_tell() -> None:
    """Kubelets were up and its pods were not: that is nothing done, not nothing known."""
    found = culprit(judged(PastSource(stories.one_writer(), bandwidth=always(0.0))))
    assert found.recurrence is not None
    assert (found.recurrence.rises, found.recurrence.regressions) == (0, 0)
    assert found.recurrence.seconds == pytest.approx(3 * DAY, rel=0.02)
    assert found.p_value is not None
    assert found.p_value < 0.001


def test_a_job_with_which_first_tokens_were_always_slow_is_told_so() -> None:
    """Three nights, three regressions, three times it."""
    findings = judged(PastSource(stories.one_writer(), ttft=at_night(0.2, usual=0.05)))
    found = culprit(findings)
    assert found.recurrence is not None
    assert (found.recurrence.regressions, found.recurrence.regressions_with) == (3, 3)
    assert found.accused
    assert "in 3 of the 3 times when they were as slow" in findings[-1].explanation


def test_each_question_is_asked_once_for_an_incident() -> None:
    """Opening and all later looks share the answers: three days of victim and only suspect, an hour of two days."""
    source = PastSource(stories.one_writer())
    findings = judged(source)
    assert len(findings) >= 3
    assert len(source.asked) == len(set(source.asked)) == 8
    days = [grid for grid, _ in source.asked if grid.step == 60]
    assert sum(grid.count for grid in days) == 2 * 3 * DAY // 60
    assert [grid.count for grid, _ in source.asked if grid.step == 300] == [14, 14]


def test_questions_are_narrowed_to_the_workload_on_the_node() -> None:
    """Every selector of pods has namespace, names and kubelet; a heartbeat has the kubelet alone."""
    source = PastSource(stories.one_writer())
    judged(source)
    of_pods = next(queries for _, queries in source.asked if len(queries) == 5)
    quoted = JOB.replace("\\", "\\\\")
    kubelet = KUBELET["instance"].replace(".", "\\\\.")
    for query in of_pods[:4]:
        assert f'instance=~"{kubelet}",namespace=~"data",pod=~"{quoted}"' in query
    assert of_pods[4].count(f'{{instance=~"{kubelet}"}}') == 2


@pytest.mark.parametrize("restarts", [(FIRST + 5, FIRST + 6, FIRST + 9), tuple(range(FIRST, LATER))])
def test_a_walk_that_is_killed_between_steps_finds_the_same(restarts: tuple[int, ...]) -> None:
    """Nothing but the encoded memory survives; what was fetched is fetched again, and says the same."""
    memory, first = Memory(), START + FIRST * STEP
    findings: list[Finding] = []
    for stop in (*restarts, LATER):
        walk = Walk(inquiry(PastSource(stories.one_writer())), STEP, first, memory)
        for evaluation in walk.advance(START + stop * STEP):
            findings += evaluation.findings
            memory = Memory.decode(evaluation.memory.encode())
        first = walk.next_at
    assert findings == judged(PastSource(stories.one_writer()))


def test_an_explanation_of_an_open_regression_knows_the_same_days() -> None:
    """Asked at a look's own step it says what the look said."""
    walk = Walk(inquiry(PastSource(stories.one_writer())), STEP, START + FIRST * STEP)
    *_, last = walk.advance(START + (FIRST + 8) * STEP)
    found = walk.explain(PodRef("inference", "vllm-0"))
    assert found is not None
    assert [s.recurrence is not None for s in found.suspects if s.pod == "reindex-abc"] == [True]
    assert last.memory.open


def test_a_source_without_days_is_judged_by_the_window() -> None:
    """As a recording of an hour is: the same findings as with the history turned off."""
    source = PastSource(stories.one_writer(), held=float(START))
    assert judged(source) == judged(PastSource(stories.one_writer()), history_seconds=0)


def test_an_hour_of_history_is_too_short_to_count() -> None:
    """A young Prometheus knows less of what is usual than it seems."""
    source = PastSource(stories.one_writer(), held=float(START - 3600))
    assert culprit(judged(source)).recurrence is None


def test_a_quiet_cluster_asks_nothing() -> None:
    """And a regression that storage did not cause asks for the same hour of other days alone."""
    quiet, computing = PastSource(stories.quiet()), PastSource(stories.slow_compute())
    judged(quiet)
    assert quiet.asked == []
    judged(computing)
    assert {grid.step for grid, _ in computing.asked} == {300}


REQUEST = HistoryRequest(
    signals=("pod_writes", "no_such_signal"), match=(("pod", "other-.*"),), grid=Grid(START - DAY, 60, DAY // 60)
)


def test_only_rows_that_match_are_answered() -> None:
    """Though the source answered with all."""
    answer = Archives(PastSource(stories.quiet()), SIGNALS).answers([REQUEST])[REQUEST]
    assert answer is not None
    assert [dict(labels)["pod"] for labels in answer.get("pod_writes").labels] == ["other-x2x8q"]
    assert answer.grid == REQUEST.grid
    assert answer.get("no_such_signal").labels == ()


@pytest.mark.parametrize("failure", [SourceError("busy", retriable=True), BlindSpot("pod_writes", "failed: timed out")])
def test_what_failed_for_now_is_asked_again(failure: SourceError | BlindSpot) -> None:
    """No answer for this look, one for the next."""
    archives = Archives(PastSource(stories.quiet(), fails=[failure]), SIGNALS)
    assert archives.answers([REQUEST])[REQUEST] is None
    assert archives.answers([REQUEST])[REQUEST] is not None


def test_a_source_that_is_failing_holds_a_step_up_once() -> None:
    """What else was wanted is left for the next look."""
    source = PastSource(stories.quiet(), fails=[SourceError("busy", retriable=True)])
    archives = Archives(source, SIGNALS)
    requests = [replace(REQUEST, match=(("pod", name),)) for name in ("other-.*", "reindex-.*", ".*")]
    assert list(archives.answers(requests).values()) == [None, None, None]
    assert len(source.asked) == 1
    assert all(answer is not None for answer in archives.answers(requests).values())


def test_what_failed_for_good_is_not_asked_again() -> None:
    """A recording whose step does not fit will not fit later."""
    source = PastSource(stories.quiet(), fails=[SourceError("no such step", retriable=False)])
    archives = Archives(source, SIGNALS)
    assert [archives.answers([REQUEST])[REQUEST] for _ in range(2)] == [None, None]
    assert len(source.asked) == 1


def test_what_is_too_much_to_keep_is_fetched_again_and_equal() -> None:
    """Forgetting costs a question, nothing else."""
    source = PastSource(stories.quiet())
    archives = Archives(source, SIGNALS)
    months = [replace(REQUEST, grid=Grid(START - day * DAY, 60, 30 * DAY // 60)) for day in range(40, 140)]
    first = archives.answers(months[:1])[months[0]]
    archives.answers(months)
    before = len(source.asked)
    again = archives.answers(months[:1])[months[0]]
    assert len(source.asked) > before
    assert first is not None
    assert again is not None
    assert first.get("pod_writes").values.tobytes() == again.get("pod_writes").values.tobytes()


def test_a_longer_history_is_a_setting() -> None:
    """A week, in parts of a day."""
    source = PastSource(stories.one_writer())
    found = culprit(judged(source, int(timedelta(days=7).total_seconds())))
    assert found.recurrence is not None
    assert found.recurrence.rises == 7


def test_each_supplier_is_narrowed_by_its_own_names() -> None:
    """A label that an exporter calls otherwise is matched by the exporter's name, and the answer by ours."""
    suppliers = [signal for signal in SIGNALS if signal.name == "ttft_count"]
    source = PastSource(stories.quiet())
    request = HistoryRequest(signals=("ttft_count",), match=(("model_name", "llama"),), grid=Grid(START - DAY, 60, 2))
    Archives(source, SIGNALS).answers([request])
    queries = dict(zip(((signal.exporter, signal.query) for signal in suppliers), source.asked[0][1], strict=True))
    narrowed_for = {exporter: query for (exporter, _), query in queries.items()}
    assert 'model_name=~"llama"' in narrowed_for["SGLang"]
    assert '{model=~"llama"}' in narrowed_for["Triton"]
    assert "llama" not in narrowed_for["TGI"]
