"""`POST /api/v1/explain`."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from pydantic import TypeAdapter

from correlator.model.finding import Finding
from correlator.model.source import SourceError
from correlator.model.topology import PodRef
from correlator.web.routers.explain import AT_ONCE
from tests.factories import STARTED, make_finding
from tests.unit.web.fakes import make_client, make_state

VICTIM = "inference/vllm-7c9f4-x2x8q"


@pytest.mark.parametrize("victim", [VICTIM, {"namespace": "inference", "pod": "vllm-7c9f4-x2x8q"}])
def test_answers_a_finding(victim: object) -> None:
    """The engine is asked of that victim at that moment, named in either spelling, and its finding is the answer."""
    asked: list[tuple[PodRef, datetime | None]] = []

    def explain(ref: PodRef, at: datetime | None) -> Finding:
        asked.append((ref, at))
        return make_finding()

    client = make_client(make_state(explain=explain))
    answer = client.post("/api/v1/explain", json={"victim": victim, "at": "2026-11-23T02:04:15Z"})
    assert answer.status_code == 200
    assert asked == [(PodRef("inference", "vllm-7c9f4-x2x8q"), STARTED)]
    assert TypeAdapter(Finding).validate_json(answer.content) == make_finding()


def test_now_when_no_moment_is_given() -> None:
    """Without `at` the engine decides what now is."""
    asked: list[datetime | None] = []
    client = make_client(make_state(explain=lambda _, at: asked.append(at)))
    assert client.post("/api/v1/explain", json={"victim": VICTIM}).status_code == 404
    assert asked == [None]


def test_nothing_known_is_404() -> None:
    """A victim without data then is a 404 that says so."""
    client = make_client(make_state(explain=lambda _, __: None))
    answer = client.post("/api/v1/explain", json={"victim": "a/b", "at": "2026-11-01T00:00:00Z"})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "a/b at 2026-11-01T00:00:00+00:00: not a victim with data then"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "victim"),
        ({"victim": "no-namespace"}, "victim"),
        ({"victim": {"pod": "x"}}, "victim"),
        ({"victim": "a/b", "at": "soon"}, "at"),
        ({"victim": "a/b", "at": "2026-11-01T00:00:00"}, "at"),
        ({"victim": "a/b", "at": "2030-01-01T00:00:00Z"}, "at"),
        ({"victim": "a/b", "when": "now"}, "when"),
    ],
)
def test_bad_question_names_the_field(body: dict[str, object], field: str) -> None:
    """A question that cannot be answered is a 422 that names the field."""
    answer = make_client().post("/api/v1/explain", json=body)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


def test_broken_json_is_a_problem() -> None:
    """A body that is no JSON is a 422 problem, not a crash."""
    answer = make_client().post("/api/v1/explain", content="{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(
    ("error", "status"),
    [(SourceError("http://prometheus:9090 answered HTML", retriable=True), 502), (TimeoutError("30 s"), 504)],
)
def test_failing_source_is_said(error: Exception, status: int) -> None:
    """A source that fails or is slow is named as the reason."""

    def explain(_: PodRef, __: datetime | None) -> Finding:
        raise error

    answer = make_client(make_state(explain=explain)).post("/api/v1/explain", json={"victim": VICTIM})
    assert answer.status_code == status
    assert str(error) in answer.json()["detail"]


def test_who_asks_much_does_not_take_every_thread() -> None:
    """While as many questions as may be are answered, one more is told to come back, and others are served."""
    answered, waiting = threading.Event(), threading.Semaphore(0)

    def explain(_: PodRef, __: datetime | None) -> Finding:
        waiting.release()
        answered.wait(30)
        return make_finding()

    with make_client(make_state(explain=explain)) as client, ThreadPoolExecutor(AT_ONCE) as threads:
        questions = [threads.submit(client.post, "/api/v1/explain", json={"victim": VICTIM}) for _ in range(AT_ONCE)]
        for _ in questions:
            assert waiting.acquire(timeout=30)
        refused = client.post("/api/v1/explain", json={"victim": VICTIM})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert client.get("/api/v1/incidents").status_code == 200
        answered.set()
        assert [question.result().status_code for question in questions] == [200] * AT_ONCE
        assert client.post("/api/v1/explain", json={"victim": VICTIM}).status_code == 200
