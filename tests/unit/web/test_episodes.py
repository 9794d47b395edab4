"""`/api/v1/episodes`."""

from correlator.incidents.query import EpisodeQuery
from correlator.model.incident import State
from tests.unit.web.fakes import make_client, make_state, make_store


def test_list_and_one() -> None:
    """Episodes are listed in pages and found by id."""
    client = make_client()
    page = client.get("/api/v1/episodes").json()
    assert page["next_cursor"] is None
    assert page["items"] == [client.get("/api/v1/episodes/e9150de").json()]
    assert page["items"][0]["culprits"] == ["rag/reindex-28812345-h8kz2"]


def test_filters_reach_the_store() -> None:
    """Filters are handed on; those of incidents alone are unknown here."""
    store = make_store()
    client = make_client(make_state(incidents=store))
    assert client.get("/api/v1/episodes", params={"state": "resolved", "cluster": "eu"}).status_code == 200
    assert store.queries[-1] == EpisodeQuery(state=State.RESOLVED, cluster="eu")
    assert client.get("/api/v1/episodes", params={"suspect": "x"}).status_code == 422


def test_unknown_episode_is_404() -> None:
    """An episode that nobody knows is a problem that names it."""
    answer = make_client().get("/api/v1/episodes/nope")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no episode 'nope' is known")
