"""Logs beside incidents: a later write of its own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from correlator.incidents.book import KNOWN_FOR, advance
from correlator.incidents.database import Database
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from tests.factories import make_logs
from tests.unit.incidents.findings import BEGIN, finding, moment, story

LIFE = story([finding("vllm-0", 0), finding("vllm-0", 0, at=60), finding("vllm-0", 0, at=120, ended=105)])
IDENTITY = LIFE[0].transitions[0].incident.id
FAILED = make_logs(pods=(), sentence="")
HOUR = int(KNOWN_FOR.total_seconds())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one open incident."""
    with Store.open(tmp_path / "store.db") as store:
        store.commit_step(LIFE[0], b"memory")
    return tmp_path / "store.db"


@pytest.fixture
def incidents(path: Path) -> Iterator[Incidents]:
    """Its other side."""
    with Incidents.open(path) as opened:
        yield opened


def test_nobody_looked_yet(incidents: Incidents) -> None:
    """That is not the same as having seen nothing."""
    assert incidents.logs(IDENTITY) is None


def test_what_is_kept_comes_back(incidents: Incidents) -> None:
    """To the last field, however often it is kept."""
    for _ in range(3):
        assert incidents.keep_logs(IDENTITY, make_logs())
        assert incidents.logs(IDENTITY) == make_logs()


def test_steps_and_logs_leave_each_other_alone(path: Path, incidents: Incidents) -> None:
    """A step does not touch the logs, and the logs change neither the incident nor what the engine resumes from."""
    with Store.open(path) as store:
        before = store.resume("c")
        told = incidents.get(IDENTITY), incidents.evidence(IDENTITY), incidents.last_sequence()
        incidents.keep_logs(IDENTITY, make_logs())
        assert store.resume("c") == before
        assert (incidents.get(IDENTITY), incidents.evidence(IDENTITY), incidents.last_sequence()) == told
        for step in LIFE[1:]:
            store.commit_step(step, b"memory")
    assert incidents.logs(IDENTITY) == make_logs()


def test_second_look_replaces_the_first(incidents: Incidents) -> None:
    """The one at the end knows more; the first, told again by a slow thread, does not come back."""
    last = make_logs(is_final=True)
    incidents.keep_logs(IDENTITY, make_logs())
    assert incidents.keep_logs(IDENTITY, last)
    assert not incidents.keep_logs(IDENTITY, make_logs())
    assert incidents.logs(IDENTITY) == last


def test_failure_replaces_no_answer(incidents: Incidents) -> None:
    """What was seen stays, and takes the place of a failure."""
    incidents.keep_logs(IDENTITY, FAILED)
    assert incidents.keep_logs(IDENTITY, make_logs())
    assert not incidents.keep_logs(IDENTITY, replace(FAILED, is_final=True, until=FAILED.until + timedelta(hours=1)))
    assert incidents.logs(IDENTITY) == make_logs()


def test_logs_go_with_their_incident(path: Path, incidents: Incidents) -> None:
    """Pruned, they are gone, and an answer that comes too late leaves nothing behind."""
    incidents.keep_logs(IDENTITY, make_logs())
    with Store.open(path) as store:
        for step in LIFE[1:]:
            store.commit_step(step, b"")
        store.commit_step(advance(LIFE[-1].book, BEGIN + 2 * HOUR, []), b"")
        assert store.prune(moment(2 * HOUR)) == 1
    assert incidents.logs(IDENTITY) is None
    assert not incidents.keep_logs(IDENTITY, make_logs())
    database = Database.open(path)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM incident_logs")).scalar_one() == 0
    database.close()
