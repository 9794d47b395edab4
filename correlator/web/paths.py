"""Which rules of access a path is under."""

from typing import Any, Final

from starlette.types import Scope

LOGIN: Final = "/login"
LOGOUT: Final = "/logout"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_WEBHOOK: Final = "/api/v1/alertmanager/webhook"
_ALERTS: Final = (_WEBHOOK, "/api/v2/alerts", "/alertmanager/api/v2/alerts")


def path_of(scope: Scope) -> str:
    """The path below the one that a proxy serves us under."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


def is_health(path: str) -> bool:
    """Asked by what keeps us running: never refused, never counted."""
    return path.startswith("/-/")


def is_open(path: str) -> bool:
    """The login and its looks: the same for everybody."""
    return path in {LOGIN, LOGOUT} or path.startswith("/static/")


def takes_alerts(path: str) -> bool:
    """What an Alertmanager or a Prometheus posts to: neither brings again what was refused by its own fault."""
    return path in _ALERTS


def must_come_again(path: str) -> bool:
    """Whether who posts there gives up for good on an answer that blames it."""
    return path == _WEBHOOK


def is_reading(method: str, path: str) -> bool:
    """Whether nothing is changed, whatever the method: Prometheus' API is asked by POST as well."""
    return method in SAFE_METHODS or path == "/api/v1/explain" or path.startswith("/prometheus/")


def is_for_programs(path: str) -> bool:
    """Whether nobody looks at it in a browser, so that no login is offered."""
    return path.startswith(("/api/", "/prometheus/", "/alertmanager/")) or path in {"/metrics", "/openapi.json"}


def describe(openapi: dict[str, Any]) -> None:
    """Say in a description, in place, what asks for a token: everything but health, where the daemon has tokens."""
    openapi["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    openapi["security"] = [{"bearer": []}, {}]
    for path, methods in openapi["paths"].items():
        if is_health(path):
            for operation in methods.values():
                operation["security"] = []
