"""The description at `/openapi.json`, the page at `/docs` and docs/rest.md say what the code does."""

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from fastapi import FastAPI

from correlator.web.app import create_app
from tests.unit.web.fakes import make_app, make_client, make_state

PAGE = Path(__file__).parents[3] / "docs" / "rest.md"
METHODS = re.compile(r"^\| (GET|POST) \| `([^`]+)` \|", re.MULTILINE)
PARAMETERS = re.compile(r"^\| `(/api[^`]+)` \| ((?:`\w+`(?:, )?)+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    """The description, as a program gets it."""
    description: dict[str, Any] = make_client().get("/openapi.json").json()
    return description


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that give way to each other all the time."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_first_requests_may_come_together(openapi: dict[str, Any]) -> None:
    """The description is made by the first request that needs it, and no other finds it half made."""
    for _ in range(6):
        app, together = create_app(make_state()), Barrier(4)

        def described(_: int, app: FastAPI = app, together: Barrier = together) -> dict[str, Any]:
            together.wait(10)
            return app.openapi()

        with ThreadPoolExecutor(4) as pool:
            assert all(seen["paths"] == openapi["paths"] for seen in pool.map(described, range(4)))


def test_every_path_is_documented(openapi: dict[str, Any]) -> None:
    """docs/rest.md lists every method and path, and no other."""
    described = {(method.upper(), path) for path, methods in openapi["paths"].items() for method in methods}
    assert set(METHODS.findall(PAGE.read_text(encoding="utf-8"))) == described


def test_every_parameter_is_documented(openapi: dict[str, Any]) -> None:
    """docs/rest.md lists every query parameter of every path."""
    text = PAGE.read_text(encoding="utf-8")
    documented = {path: set(re.findall(r"\w+", names)) for path, names in PARAMETERS.findall(text)}
    described = {
        path: {each["name"] for each in methods["get"].get("parameters", ()) if each["in"] == "query"}
        for path, methods in openapi["paths"].items()
        if "get" in methods
    }
    assert documented == {path: names for path, names in described.items() if names}


def test_incident_has_the_published_fields(openapi: dict[str, Any]) -> None:
    """The model of an incident names the contract's fields with their types."""
    incident = openapi["components"]["schemas"]["Incident"]["properties"]
    assert {"id", "episode_id", "verdict", "ttft", "suspects", "blind_spots", "advice", "links"} <= incident.keys()
    assert incident["started_at"] == {"type": "string", "format": "date-time", "title": "Started At"}
    assert openapi["components"]["schemas"]["Verdict"]["enum"] == [
        "contention",
        "degraded_device",
        "own_io",
        "load",
        "other",
        "undetermined",
    ]


def test_errors_are_described_as_problems(openapi: dict[str, Any]) -> None:
    """Every operation of the API says that its errors are problem details."""
    for path, methods in openapi["paths"].items():
        for operation in methods.values():
            if path.startswith("/api/"):
                content = operation["responses"]["4XX"]["content"]
                assert content["application/problem+json"]["schema"]["$ref"].endswith("/ProblemDetails"), path


def test_page_shows_every_path_and_model(openapi: dict[str, Any]) -> None:
    """`/docs` shows all operations and models, and asks no other host for anything."""
    page = make_client().get("/docs")
    assert page.status_code == 200
    for path in openapi["paths"]:
        assert f"<code>{path}</code>" in page.text
    assert 'id="model-Incident"' in page.text
    assert "contention | degraded_device" in page.text
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page.text)


def test_operations_have_summaries_and_unique_names() -> None:
    """Every operation can be told from the others in one line."""
    operations = [each for methods in make_app().openapi()["paths"].values() for each in methods.values()]
    assert all(each.get("summary") and each.get("description") for each in operations)
    assert len({each["operationId"] for each in operations}) == len(operations)


def test_what_needs_a_token_is_described(openapi: dict[str, Any]) -> None:
    """Clients that are made from the description can send one; health takes none."""
    assert openapi["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}
    assert {"bearer": []} in openapi["security"]
    without = {
        path for path, methods in openapi["paths"].items() if all("security" in each for each in methods.values())
    }
    assert without == {"/-/healthy", "/-/ready"}
