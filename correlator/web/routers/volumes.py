"""Volumes: USE now, and the pods on them by device time."""

from math import isnan
from typing import Annotated

from fastapi import APIRouter, Query, Response

from correlator.model.snapshot import VolumeNow
from correlator.web.problems import ProblemDetails, not_found
from correlator.web.respond import SnapshotListing, answer, snapshot_listing
from correlator.web.state import Newest

router = APIRouter(prefix="/api/v1/volumes", tags=["volumes"])
Node = Annotated[str | None, Query(description="Node of the volume.")]
Kind = Annotated[str | None, Query(description="`disk`, `nfs`, …")]


@router.get("", response_model=SnapshotListing[VolumeNow], summary="Volumes, most saturated first")
def list_volumes(snapshot: Newest, node: Node = None, kind: Kind = None) -> Response:
    """All volumes of the newest step."""
    chosen = (volume for volume in snapshot.volumes if node in {None, volume.node} and kind in {None, volume.kind})
    return snapshot_listing(snapshot.at, sorted(chosen, key=saturation))


@router.get(
    "/{identity:path}",
    response_model=VolumeNow,
    responses={404: {"model": ProblemDetails, "description": "No such volume"}},
    summary="One volume, by id or name",
)
def get_volume(snapshot: Newest, identity: str) -> Response:
    """USE now, with the pods by device time."""
    for volume in snapshot.volumes:
        if identity in {volume.id, volume.name}:
            return answer(volume)
    raise not_found("volume", identity)


def saturation(volume: VolumeNow) -> tuple[float, float, str]:
    """What volumes are sorted by: the longest queue first, then the busiest; what was not seen comes last."""
    return -_known(volume.queue_depth), -_known(volume.utilization_ratio), volume.name


def _known(value: float | None) -> float:
    return -1.0 if value is None or isnan(value) else value
