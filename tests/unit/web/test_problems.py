"""Errors and headers of the whole application."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from correlator.model.finding import Finding
from correlator.model.topology import PodRef
from tests.unit.web.fakes import make_client, make_state


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", "/static/nowhere.css", "/static/../app.py"])
def test_unknown_path_is_a_problem(path: str) -> None:
    """A path where nothing is answers 404 as problem details."""
    answer = make_client().get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "about:blank"
    assert answer.json()["status"] == 404


def test_wrong_method_is_a_problem() -> None:
    """A method that a path does not take answers 405 and says which it does."""
    answer = make_client().delete("/api/v1/incidents")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.json()["detail"] == "/api/v1/incidents does not take DELETE"


def test_crash_is_a_problem_without_a_traceback() -> None:
    """What we did not foresee answers 500 and tells nothing of the inside."""

    def explain(_: PodRef, __: datetime | None) -> Finding:
        raise RuntimeError("secret of the inside")

    answer = make_client(make_state(explain=explain)).post("/api/v1/explain", json={"victim": "a/b"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "POST /api/v1/explain failed; the daemon's log says why"
    assert "secret" not in answer.text


def in_pieces() -> Iterator[bytes]:
    """A body that does not say how long it is."""
    yield from (b" " * 100_000 for _ in range(11))


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("path", ["/api/v1/explain", "/incidents/c0ffee5eed/feedback"])
def test_huge_body_is_refused(path: str, announced: bool) -> None:
    """A body that nobody needs is refused before it fills the memory, whether it says its size or not."""
    body = b" " * 1_000_001 if announced else in_pieces()
    answer = make_client().post(path, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert answer.json()["detail"] == "the body is larger than 1000000 bytes"


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/api/v1/incidents", "/api/v1/nowhere", "/metrics", "/static/style.css"]
)
def test_every_answer_has_the_security_headers(path: str) -> None:
    """Nothing is loaded from elsewhere, framed or guessed at, and no script or style stands in a page."""
    headers = make_client().get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] in {"no-store", "no-cache"}
