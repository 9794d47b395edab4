"""Incidents older than the kept series are told of by themselves."""

from itertools import pairwise
from pathlib import Path

import pytest

from correlator.incidents.book import advance
from correlator.incidents.store import Store
from correlator.model.series import Matcher, MatchKind
from correlator.timeseries.past import STEP
from tests.unit.incidents.findings import BEGIN, culprit, finding, story
from tests.unit.timeseries.cycles import as_dict, depth, named, selected, writer

ACTIVE = "correlator_incident_active"
STORY = story(
    [
        finding("vllm-0", 0, suspects=[culprit("rag/a", workload="Job/a")]),
        finding("vllm-1", 60),
        finding("vllm-0", 0, at=1200, ended=1185, suspects=[culprit("rag/a", workload="Job/a")]),
    ]
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two incidents: one from 0 to 1200 s after the beginning, one that is open since 60 s."""
    with Store.open(tmp_path / "store.db") as store:
        for step in STORY:
            store.commit_step(step, b"")
    return tmp_path / "store.db"


def asked(path: Path, *matchers: Matcher, start: int, end: int) -> dict[frozenset[tuple[str, str]], dict[int, float]]:
    """Known values by seconds after the beginning."""
    with_cluster = selected(path, *matchers, start=BEGIN + start, end=BEGIN + end, cluster="c")
    times = [at // 1000 - BEGIN for at in with_cluster.times.tolist()]
    return {
        labels: {at: value for at, value in zip(times, row, strict=True) if value == value}  # noqa: PLR0124 - NaN
        for labels, row in as_dict(with_cluster).items()
    }


def of(pod: str) -> Matcher:
    """One victim."""
    return Matcher("pod", MatchKind.EQUAL, pod)


def test_an_incident_is_active_from_its_detection_until_it_is_resolved(path: Path) -> None:
    """With a reading often enough that a graph shows it without a gap, and the cluster's label."""
    ((labels, values),) = asked(path, named(ACTIVE), of("vllm-0"), start=-3600, end=7200).items()
    assert dict(labels)["cluster"] == "c"
    moments = sorted(values)
    assert moments[0] == 0
    assert 1200 - STEP <= moments[-1] < 1200
    assert max(later - at for at, later in pairwise(moments)) <= STEP
    assert set(values.values()) == {1.0}


def test_one_that_is_open_goes_on_until_series_were_kept(path: Path) -> None:
    """Where the series begin, they tell alone."""
    with writer(path, "c") as kept:
        kept.write(BEGIN + 3600, depth(a=1.0))
    ((_, values),) = asked(path, named(ACTIVE), of("vllm-1"), start=0, end=7200).items()
    assert min(values) == 60
    assert 3600 - STEP <= max(values) < 3600


def test_verdict_and_suspects_are_told(path: Path) -> None:
    """By the incident's last word."""
    found = asked(
        path,
        Matcher("__name__", MatchKind.REGEX, "correlator_(incident_info|suspect_.*)"),
        of("vllm-0"),
        start=0,
        end=600,
    )
    by_name = {dict(labels)["__name__"]: dict(labels) for labels in found}
    assert by_name["correlator_incident_info"]["verdict"] == "contention"
    assert by_name["correlator_suspect_confidence"]["suspect_workload"] == "Job/a"
    assert by_name.keys() == {
        "correlator_incident_info",
        "correlator_suspect_confidence",
        "correlator_suspect_share_ratio",
        "correlator_suspect_mean_excess_seconds",
    }


def test_what_was_over_before_the_span_is_not_told(path: Path) -> None:
    """Nor what came after it; a victim that comes back has its readings in one series."""
    assert len(asked(path, named(ACTIVE), start=-9000, end=-1)) == 0
    assert [dict(labels)["pod"] for labels in asked(path, named(ACTIVE), start=1200, end=2400)] == ["vllm-1"]
    again = advance(STORY[-1].book, BEGIN + 2400, [finding("vllm-0", 2400)])
    with Store.open(path) as store:
        store.commit_step(again, b"")
    ((_, values),) = asked(path, named(ACTIVE), of("vllm-0"), start=0, end=3600).items()
    assert not [at for at in values if 1200 <= at < 2400]
    assert 2400 in values


def test_series_that_were_kept_are_not_told_twice(path: Path) -> None:
    """An incident within the kept series is there as it was exported, and not otherwise."""
    with writer(path, "c") as kept:
        kept.write(BEGIN - 15, depth(a=1.0))
    assert asked(path, named(ACTIVE), start=-3600, end=7200) == {}
