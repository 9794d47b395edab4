"""The curves as words and figures."""

from dataclasses import replace
from datetime import timedelta

from correlator.model.finding import Evidence, EvidenceSeries, SymptomEffect
from correlator.wording.curves import CurveFigures, panels_of
from tests.factories import STARTED, STEP, make_evidence

SLOW = EvidenceSeries(
    role="ttft", name="ttft_p95", label="a/b", unit="seconds", values=(0.1, 0.2, 0.3, None, 1.5, 0.9, 4.0, 0.1)
)


def one_curve(**changes: object) -> Evidence:
    """Eight steps, the onset at the fourth."""
    times = tuple(STARTED + STEP * rank for rank in range(8))
    evidence = Evidence(times=times, onset=times[3], series=(SLOW,))
    return replace(evidence, **changes)  # type: ignore[arg-type]


def test_medians_before_and_during_and_the_most() -> None:
    """What is not known counts for nothing; what follows the end is neither before nor during."""
    first = panels_of(one_curve(ended_at=STARTED + STEP * 6))[0]
    assert first.curves == [CurveFigures("p95", "200 ms", "1.2 s", "4 s")]
    assert first.sentence == "Time to first token: p95 200 ms before, 1.2 s during, at most 4 s."
    assert panels_of(one_curve())[0].curves == [CurveFigures("p95", "200 ms", "1.2 s", "4 s")]


def test_unknown_is_a_dash_and_unseen_is_said() -> None:
    """A curve without a value has no zeros; a panel without curves says so."""
    empty = replace(SLOW, values=(None,) * 8)
    panels = panels_of(one_curve(series=(empty,), onset=STARTED - timedelta(hours=1)))
    assert panels[0].curves == [CurveFigures("p95", "–", "–", "–")]
    assert panels[1].sentence == "Volume: latency of an operation: not seen."


def test_all_that_is_drawn_has_figures() -> None:
    """Every curve of an incident but the requests and the baselines, under the names that the charts use."""
    panels = {panel.key: [curve.label for curve in panel.curves] for panel in panels_of(make_evidence())}
    assert panels == {
        "ttft": ["p50", "p95", "mean"],
        "latency": ["read", "write"],
        "queue": ["queue depth", "utilization"],
        "device_time": [
            "rag/reindex-28812345-h8kz2",
            "logging/vector-9zk4l",
            "monitoring/prometheus-0",
            "the victim itself",
            "I/O that no pod accounts for",
        ],
    }


def test_no_evidence_has_no_panels() -> None:
    """An incident of which no series were kept."""
    assert panels_of(Evidence()) == []


def test_another_symptom_is_called_by_its_name() -> None:
    """The first panel is of what is watched."""
    symptom = SymptomEffect(
        name="etcd_fsync", quantity="WAL fsync time", things="WAL fsyncs", unit="seconds", statistic="p95",
        baseline=0.1, observed=0.2, ratio=2.0, affected=1, stopped=False, silent=False,
    )  # fmt: skip
    assert panels_of(one_curve(), symptom)[0].title == "Time of WAL fsyncs"
