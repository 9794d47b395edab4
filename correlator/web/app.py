"""The application: routers, errors, headers, in one place."""

import threading
from typing import Any

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

import correlator
from correlator.web import paths, problems
from correlator.web.compression import Compressed
from correlator.web.entrance import Entrance
from correlator.web.parameters import refuse_unknown_parameters
from correlator.web.pictures import Pictures
from correlator.web.prometheus.app import prometheus_api
from correlator.web.routers import (
    alert_page,
    alert_webhook,
    alertmanager,
    alerts,
    deliveries,
    docs,
    episodes,
    explain,
    flat,
    health,
    incident_page,
    incidents,
    login,
    metrics,
    page,
    report,
    status,
    stream,
    topology,
    victims,
    volumes,
    watched_pages,
)
from correlator.web.scrapes import Scrapes
from correlator.web.security import RefuseForeign, RefuseLargeBodies, SecurityHeaders
from correlator.web.state import WebState
from correlator.web.static_files import Revalidated

DESCRIPTION = (
    "Says whether storage contention made time-to-first-token worse, on which volume, and which pods did it. "
    "Instants are RFC 3339 in UTC, quantities SI base units with the unit in the name, ratios 0 to 1; null is "
    "what is not known. Errors are RFC 9457 problem details."
)
_API = (incidents, report, flat, episodes, volumes, victims, topology, explain, stream, status, metrics, deliveries)
_ANY_ERROR: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": problems.ProblemDetails, "description": "What was asked cannot be answered"},
    "5XX": {"model": problems.ProblemDetails, "description": "The daemon cannot answer now"},
}


class _Application(FastAPI):
    """FastAPI, but for the media type under which it describes errors."""

    _describing = threading.Lock()  # FastAPI's routes cannot be described by two threads at once

    def openapi(self) -> dict[str, Any]:
        """The description, made once, by whichever request comes first."""
        with self._describing:
            if self.openapi_schema is None:
                problems.describe(super().openapi())
                paths.describe(super().openapi())
            return super().openapi()


def create_app(state: WebState) -> FastAPI:
    """The application over `state`. Nothing is done for anybody before the entrance has let them in."""
    app = _Application(
        title="correlator",
        version=correlator.__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Compressed),
            Middleware(RefuseForeign, state.door),
            Middleware(Entrance, state.door),
            Middleware(RefuseLargeBodies, state.door),
        ],
    )
    app.state.web = state
    app.state.pictures = Pictures()
    app.state.scrapes = Scrapes()
    app.state.streams = stream.Streams()
    app.state.explaining = threading.BoundedSemaphore(explain.AT_ONCE)
    app.include_router(health.router)
    app.include_router(alertmanager.router, responses=_ANY_ERROR)
    app.include_router(alert_webhook.router, responses=_ANY_ERROR)
    app.include_router(alerts.router, responses=_ANY_ERROR)
    for module in _API:
        app.include_router(module.router, dependencies=[Depends(refuse_unknown_parameters)], responses=_ANY_ERROR)
    for module in (page, incident_page, alert_page, watched_pages, docs, login):
        app.include_router(module.router)
    app.mount("/prometheus", prometheus_api(state))
    app.mount("/static", Revalidated(packages=[("correlator.web", "static")]), name="static")
    problems.install(app)
    return app
