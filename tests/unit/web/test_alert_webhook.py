"""The webhook and the deliveries at the door: which answer for what."""

import queue
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from correlator.alerting.payload import Notification, parse
from correlator.incidents.errors import StoreFullError
from correlator.web.routers.alert_webhook import PATH
from tests.unit.web.fakes import make_client, make_state

KEPT = True
FULL = StoreFullError("store.db", "disk full", "free some space")


@dataclass
class Taking:
    """Takes what is posted; `outcome` is what becomes of it."""

    outcome: Any = True
    posted: list[bytes] = field(default_factory=list)

    def post(self, body: bytes) -> tuple[Notification, Future[bool]]:
        """Take it."""
        notification = parse(body)
        if self.outcome is queue.Full:
            raise queue.Full
        self.posted.append(body)
        future: Future[bool] = Future()
        if isinstance(self.outcome, Exception):
            future.set_exception(self.outcome)
        else:
            future.set_result(self.outcome)
        return notification, future


def client(outcome: object) -> TestClient:
    """Over one of these."""
    return make_client(replace(make_state(), alert_webhook=Taking(outcome)))


@pytest.mark.parametrize(("outcome", "double"), [(True, False), (False, True)])
def test_what_is_on_disk_is_answered_200(outcome: object, *, double: bool) -> None:
    """With how many there were; a double, too."""
    answer = client(outcome).post(f"{PATH}?anything=goes", json={"alerts": [{}, {}]})
    assert (answer.status_code, answer.json()) == (200, {"alerts": 2, "double": double})


@pytest.mark.parametrize("outcome", [FULL, queue.Full, TimeoutError(), ZeroDivisionError("of all things")])
def test_what_is_not_on_disk_is_answered_5xx(outcome: object) -> None:
    """So that it comes again: never 429, which Alertmanager takes for final."""
    answer = client(outcome).post(PATH, json={"alerts": []})
    assert answer.status_code in {500, 503}
    assert answer.headers["content-type"] == "application/problem+json"


def test_without_a_place_for_it_it_comes_again() -> None:
    """Not refused for good either."""
    assert make_client().post(PATH, json={"alerts": []}).status_code == 503


@pytest.mark.parametrize(
    ("body", "field_at_fault"),
    [(b"", ""), (b"nope", ""), (b"{}", "alerts"), (b'{"alerts": [{"labels": 1}]}', "alerts.0.labels")],
)
def test_what_is_no_webhook_is_refused_with_its_place(body: bytes, field_at_fault: str) -> None:
    """4xx is for that alone."""
    answer = client(KEPT).post(PATH, content=body)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["location"], fault["field"]) == ("body", field_at_fault)


def test_large_posts_are_taken() -> None:
    """Five thousand alerts are more than other paths take."""
    body = b'{"alerts": [%s]}' % b",".join([b'{"labels": {"pod": "%s"}}' % (b"x" * 2_000)] * 5_000)
    assert client(KEPT).post(PATH, content=body).json()["alerts"] == 5_000


def test_deliveries_say_when_the_store_is_gone() -> None:
    """503, as everywhere."""
    assert make_client().get("/api/v1/deliveries").status_code == 503
    assert make_client().post("/api/v1/deliveries/x/retry").status_code == 503


@pytest.mark.parametrize("query", ["state=gone", "limit=0", "limit=501", "sinks=a"])
def test_deliveries_refuse_filters_that_are_none(query: str) -> None:
    """A misspelt one must not pass for one that matches everything."""
    answer = make_client().get(f"/api/v1/deliveries?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]
