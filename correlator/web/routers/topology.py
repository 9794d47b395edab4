"""Who uses which volume, and how that is known."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from correlator.model.snapshot import EdgeNow
from correlator.web.respond import SnapshotListing, snapshot_listing
from correlator.web.state import Newest

router = APIRouter(prefix="/api/v1/topology", tags=["topology"])
Filter = Annotated[str | None, Query()]


@router.get("", response_model=SnapshotListing[EdgeNow], summary="Edges: pod, claim, volume, node")
def list_edges(
    snapshot: Newest, namespace: Filter = None, pod: Filter = None, volume: Filter = None, node: Filter = None
) -> Response:
    """All edges of the newest step; `learnt` says how each is known."""
    chosen = [
        edge
        for edge in snapshot.edges
        if namespace in {None, edge.namespace}
        and pod in {None, edge.pod}
        and volume in {None, edge.volume_id}
        and node in {None, edge.node}
    ]
    return snapshot_listing(snapshot.at, chosen)
