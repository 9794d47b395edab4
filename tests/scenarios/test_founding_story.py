"""The founding story, replayed: one episode that names the re-index, and nothing on the night before."""

from datetime import UTC, datetime, timedelta

import pytest

from correlator.analysis.evaluate import evaluate
from correlator.analysis.memory import Memory
from correlator.incidents.book import Book, Step, advance
from correlator.model.finding import Verdict
from correlator.model.frame import Frames
from correlator.model.incident import Episode, Incident, State
from correlator.model.tier import USUAL_TIERS
from correlator.topology import join
from tests.calibrated import calibrated
from tests.founding import BEGINS, DATABASE, DIES, ENDS, REINDEX, SERVER, night
from tests.symptoms import TRANSACTIONS
from tests.unit.analysis.playing import window

FIRST, LAST = 200, 300


class Replayed:
    """What the daemon would have kept: the newest state of each incident and episode, and when it was opened."""

    def __init__(self, frames: Frames) -> None:
        self.grid = frames.grid
        self.incidents: dict[str, Incident] = {}
        self.episodes: dict[str, Episode] = {}
        self.opened: dict[str, Incident] = {}
        memory, book = Memory(), Book(cluster="")
        for end in range(FIRST, LAST):
            seen = window(frames, end)
            topology = join(seen, {}, USUAL_TIERS)
            found = evaluate(seen, topology, memory, seen.grid.last, calibrated(symptoms=(TRANSACTIONS,)))
            memory = Memory.decode(found.memory.encode())
            step = advance(book, seen.grid.last, found.findings)
            book = step.book
            self._take(step)

    def _take(self, step: Step) -> None:
        for transition in step.transitions:
            incident = transition.incident
            self.incidents[incident.id] = incident
            self.opened.setdefault(incident.id, incident)
        self.episodes |= {episode.id: episode for episode in step.episodes if episode.incident_ids}

    def at(self, step: int) -> datetime:
        """The instant of a step."""
        return datetime.fromtimestamp(self.grid.start + step * self.grid.step, tz=UTC)


@pytest.fixture(scope="module")
def replayed() -> Replayed:
    """The night, as it was judged."""
    return Replayed(night())


def test_one_episode_names_the_reindex(replayed: Replayed) -> None:
    """One cause: the database and the model server, one culprit, which tier hurt which, begun and ended when it was."""
    (episode,) = replayed.episodes.values()
    assert episode.culprits == (f"pipeline/{REINDEX}",)
    assert episode.verdict is Verdict.CONTENTION
    assert episode.state is State.RESOLVED
    assert set(episode.incident_ids) == set(replayed.incidents)
    assert {incident.victim.pod for incident in replayed.incidents.values()} == {DATABASE, SERVER}
    assert episode.culprit_tiers == ("deterministic-pipeline",)
    assert abs(episode.started_at - replayed.at(BEGINS)) <= timedelta(seconds=30)
    assert episode.ended_at is not None
    assert abs(episode.ended_at - replayed.at(ENDS)) <= timedelta(minutes=3)


def test_every_victim_has_its_own_words(replayed: Replayed) -> None:
    """The database is told of in transactions, the server in first tokens, and each accuses the re-index alone."""
    for incident in replayed.incidents.values():
        things = "transactions" if incident.victim.pod == DATABASE else "first tokens"
        assert f"pipeline/{REINDEX} (confidence" in incident.explanation
        assert things in incident.explanation
        assert {suspect.pod for suspect in incident.suspects if suspect.accused} == {REINDEX}


def test_the_database_is_known_to_suffer_before_it_dies(replayed: Replayed) -> None:
    """It is found while it is slow, stays open over its death, and is not taken for recovered when it falls silent."""
    (database,) = (one for one in replayed.incidents.values() if one.victim.pod == DATABASE)
    assert database.victim.symptom == "postgresql_transactions"
    assert database.detected_at <= replayed.at(DIES)
    assert database.ended_at is not None
    assert database.ended_at >= replayed.at(ENDS - 2)
    assert database.end_reason == "recovered"


def test_what_is_told_of_the_database_is_not_told_of_first_tokens(replayed: Replayed) -> None:
    """`ttft` stays empty for it; `symptom` has its numbers in its own unit."""
    (database,) = (one for one in replayed.opened.values() if one.victim.pod == DATABASE)
    assert database.ttft.baseline_seconds is None
    assert database.symptom is not None
    assert (database.symptom.quantity, database.symptom.unit) == ("time per transaction", "seconds")
    assert database.symptom.baseline == pytest.approx(0.004, rel=0.2)
    assert database.symptom.observed == pytest.approx(0.12, rel=0.3)


def test_the_advice_suits_the_pipeline(replayed: Replayed) -> None:
    """Its job is suspended; nobody is told to touch the database."""
    commands = {advice.command for incident in replayed.incidents.values() for advice in incident.advice}
    assert len(commands) == 1
    assert "patch job" in commands.pop()


def test_the_night_before_opens_nothing() -> None:
    """The same pods without the re-index."""
    assert not Replayed(night(reindexes=False)).incidents
