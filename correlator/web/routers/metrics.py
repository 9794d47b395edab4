"""The daemon's own and the synthetic metrics."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from correlator.web.state import Web

router = APIRouter(tags=["metrics"])


@router.get("/metrics", summary="Prometheus text; OpenMetrics by negotiation", response_class=PlainTextResponse)
def metrics(request: Request, state: Web) -> Response:
    """What docs/metrics.md lists."""
    asked = request.headers
    takes_gzip = "gzip" in asked.get("accept-encoding", "").lower()
    content_type, body = request.app.state.scrapes.answer(state, asked.get("accept", ""), takes_gzip=takes_gzip)
    headers = {"content-type": content_type, "vary": "Accept, Accept-Encoding"}
    return Response(body, headers=headers | ({"content-encoding": "gzip"} if takes_gzip else {}))
