"""Incidents at hand for alerts."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest

from correlator.alerting.enrichment import Enricher
from correlator.alerting.subject import LabelNames
from correlator.daemon.known_incidents import KnownIncidents
from correlator.daemon.reading import LateIncidents
from correlator.incidents.errors import StoreError
from correlator.incidents.store import Store
from correlator.model.finding import Finding
from correlator.model.incident import Incident
from tests.unit.incidents.findings import finding, moment, story

MAKE = partial(Enricher, mapping=LabelNames())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty one."""
    with Store.open(tmp_path / "correlator.db") as opened:
        yield opened


@pytest.fixture
def incidents(tmp_path: Path) -> Iterator[LateIncidents]:
    """Its read side."""
    late = LateIncidents(tmp_path / "correlator.db")
    yield late
    late.close()


def keep(store: Store, *findings: Finding) -> None:
    """Commit a story."""
    for step in story(findings):
        store.commit_step(step, b"")


def pods_known(known: KnownIncidents, pods: Iterable[str]) -> list[str]:
    """Of which of them something is known."""
    return [
        pod for pod in pods if known.enricher.of({"namespace": "inference", "pod": pod}, moment(0), None).incident_ids
    ]


def test_what_happens_is_known_after_a_turn(store: Store, incidents: LateIncidents) -> None:
    """What was there before, what opens, and what is over."""
    first = finding("a")
    keep(store, first)
    known = KnownIncidents(incidents, "c", MAKE)
    assert pods_known(known, "ab") == []
    known.turn()
    assert pods_known(known, "ab") == ["a"]
    keep(store, first, finding("b", 15), finding("a", at=300, ended=240))
    known.turn()
    assert pods_known(known, "ab") == ["a", "b"]
    assert known.enricher.of({"pod": "a"}, moment(10_000)).incident_ids == ()  # over by then


def test_without_news_nothing_is_made_anew(store: Store, incidents: LateIncidents) -> None:
    """A turn costs one question."""
    keep(store, finding("a"))
    known = KnownIncidents(incidents, "c", MAKE)
    known.turn()
    enricher = known.enricher
    known.turn()
    assert known.enricher is enricher


def test_other_clusters_of_the_store_are_left_alone(store: Store, incidents: LateIncidents) -> None:
    """Before the start and after it."""
    keep(store, finding("a"))
    known = KnownIncidents(incidents, "other", MAKE)
    known.turn()
    keep(store, finding("a"), finding("b", 15))
    known.turn()
    assert pods_known(known, "ab") == []


def test_of_those_that_are_over_the_last_are_kept(store: Store, incidents: LateIncidents) -> None:
    """And all that are open, however old."""
    ended = [finding(pod, 10 * index, at=100 + index, ended=90) for index, pod in enumerate("abc")]
    keep(store, finding("old", -600), *ended)
    made: list[list[str]] = []

    def make(given: Iterable[Incident]) -> Enricher:
        given = list(given)
        made.append(sorted(each.victim.pod for each in given))
        return MAKE(given)

    known = KnownIncidents(incidents, "c", make, most_resolved=2)
    known.turn()
    assert made[-1] == ["b", "c", "old"]
    keep(store, finding("old", -600), *ended, finding("d", 60, at=200, ended=150))
    known.turn()
    assert made[-1] == ["c", "d", "old"]


def test_while_the_store_fails_what_was_known_is_known(store: Store, tmp_path: Path) -> None:
    """An alert is told what was there last."""
    keep(store, finding("a"))
    incidents = LateIncidents(tmp_path / "correlator.db")
    known = KnownIncidents(incidents, "c", MAKE)
    known.turn()
    store.close()
    incidents.close()
    (tmp_path / "correlator.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError):
        known.turn()
    assert pods_known(known, "a") == ["a"]
