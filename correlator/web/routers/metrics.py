"""The daemon's own and the synthetic metrics."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from correlator.incidents.errors import StoreError
from correlator.incidents.query import IncidentQuery
from correlator.model import incident as model
from correlator.publish.samples import Stored
from correlator.publish.synthetic import render_metrics
from correlator.web.routers.health import reasons_against
from correlator.web.state import Web

router = APIRouter(tags=["metrics"])


@router.get("/metrics", summary="Prometheus text; OpenMetrics by negotiation", response_class=PlainTextResponse)
def metrics(request: Request, state: Web) -> Response:
    """What docs/metrics.md lists."""
    status = replace(state.status(), problems=reasons_against(state))
    try:
        opened = tuple(state.incidents.every(open_in(status.cluster)))
        stored = Stored(open_incidents=opened, totals=state.incidents.counts(status.cluster))
    except StoreError:
        stored = None
    content_type, body = render_metrics(
        state.snapshot(),
        stored,
        status,
        request.headers.get("accept", ""),
    )
    return Response(body, headers={"content-type": content_type})


def open_in(cluster: str) -> IncidentQuery:
    """The open incidents of one cluster: a shared store knows those of others too."""
    return IncidentQuery(state=model.State.OPEN, cluster=cluster)
