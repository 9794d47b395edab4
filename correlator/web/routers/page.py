"""The overview: what is wrong now, what was, and what is watched."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import groupby

from fastapi import APIRouter, Request, Response

from correlator.incidents.errors import InvalidQueryError, StoreError
from correlator.incidents.query import Page
from correlator.model.incident import Incident
from correlator.web.filters import PageFilters, read_filters
from correlator.web.render import render
from correlator.web.routers.health import reasons_against
from correlator.web.routers.victims import suffering, with_open
from correlator.web.routers.volumes import saturation
from correlator.web.scrapes import open_in
from correlator.web.state import IncidentReads, Web

router = APIRouter(include_in_schema=False)
CARDS_SHOWN, LISTED, VOLUMES_SHOWN, VICTIMS_SHOWN = 20, 25, 25, 50


class _Known:
    """What the store tells; nothing but that it fails while it does, since the rest of the page is still true."""

    def __init__(self, incidents: IncidentReads, cluster: str, filters: PageFilters) -> None:
        self.fails = False
        self.open: Sequence[Incident] = ()
        self.listed: Page[Incident] = Page((), None)
        self.suffering: Mapping[tuple[str, str, str], str] = {}
        self.cursor_fault = ""
        try:
            self.open = list(incidents.every(open_in(cluster)))
            if filters.query is not None:
                self.listed = incidents.search(filters.query, limit=LISTED, cursor=filters.cursor)
        except InvalidQueryError as error:
            self.cursor_fault = str(error)
        except StoreError:
            self.fails = True
        self.suffering = suffering(self.open)

    def cards(self) -> list[list[Incident]]:
        """Open incidents, those of one episode together, the newest episode first."""
        newest = {each.episode_id: rank for rank, each in reversed(list(enumerate(self.open)))}
        ordered = sorted(self.open, key=lambda each: (newest[each.episode_id], each.episode_id))
        groups = groupby(ordered, key=lambda each: each.episode_id)
        return [sorted(group, key=lambda each: -each.confidence) for _, group in groups]


@router.get("/")
def overview(request: Request, state: Web) -> Response:
    """What is wrong now, what was, as it is filtered, and what is watched."""
    snapshot = state.snapshot()
    status = state.status()
    filters = read_filters(request.query_params.multi_items(), status.cluster)
    incidents = _Known(state.incidents, status.cluster, filters)
    cards = incidents.cards()
    volumes = sorted(snapshot.volumes, key=saturation) if snapshot else []
    victims = with_open(snapshot.victims, incidents.suffering) if snapshot else []
    return render(
        request,
        "overview.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if filters.faults or incidents.cursor_fault else HTTPStatus.OK,
        status_now=status,
        now=state.now(),
        reasons=reasons_against(state),
        snapshot=snapshot,
        incidents=incidents,
        filters=filters,
        cards=cards[:CARDS_SHOWN],
        hidden_cards=len(cards) - CARDS_SHOWN,
        volumes=volumes[:VOLUMES_SHOWN],
        hidden_volumes=len(volumes) - VOLUMES_SHOWN,
        victims=victims[:VICTIMS_SHOWN],
        hidden_victims=len(victims) - VICTIMS_SHOWN,
        volume_names={volume.id: volume.name for volume in volumes},
    )
