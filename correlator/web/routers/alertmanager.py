"""What Prometheus asks of an Alertmanager: alerts are annotated and passed on to the real ones."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from correlator.alerting.passed import Passed
from correlator.web.problems import Problem
from correlator.web.state import AlertsProxied, Web

router = APIRouter(tags=["alertmanager"])
PATHS: Final = ("/api/v2/alerts", "/alertmanager/api/v2/alerts")
_PASSED_HEADERS: Final = ("content-type", "content-encoding", "via")


def _proxy(state: Web) -> AlertsProxied:
    if state.alerts_proxy is None:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "alerts are not passed on: no Alertmanager is set (alerting.proxy.alertmanagers)",
        )
    return state.alerts_proxy


Proxy = Annotated[AlertsProxied, Depends(_proxy)]


@router.post(PATHS[0], summary="Annotate alerts and pass them on to every Alertmanager")
@router.post(PATHS[1], include_in_schema=False)
async def post_alerts(request: Request, proxy: Proxy) -> Response:
    """200 once one Alertmanager took it, 400 where all refuse it, else 5xx: try again."""
    headers = {name: request.headers[name] for name in _PASSED_HEADERS if name in request.headers}
    return _answer(await proxy.post(await request.body(), headers))


@router.get("/api/v2/status", summary="What an Alertmanager says of itself")
@router.get("/alertmanager/api/v2/status", include_in_schema=False)
async def alertmanager_status(proxy: Proxy) -> Response:
    """The answer of the first that gives one."""
    return _answer(await proxy.get("/api/v2/status"), "application/json")


@router.get("/alertmanager/-/ready", include_in_schema=False)
async def alertmanager_ready(proxy: Proxy) -> Response:
    """Whether an Alertmanager is ready."""
    return _answer(await proxy.get("/-/ready"), "text/plain")


def _answer(passed: Passed, media_type: str | None = None) -> Response:
    if passed.status != HTTPStatus.OK:
        raise Problem(passed.status, passed.detail)
    return Response(passed.body, media_type=media_type)
