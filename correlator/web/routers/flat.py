"""Incidents for tables and graphs that cannot unfold JSON: Grafana's, and spreadsheets."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from correlator.web.flat import SuspectRow, suspect_rows
from correlator.web.graph import Graph, graph_of
from correlator.web.parameters import IncidentFilters
from correlator.web.respond import Listing, answer, listing
from correlator.web.routers.incidents import UNKNOWN, incident_of
from correlator.web.state import Web

router = APIRouter(tags=["incidents"])


@router.get("/api/v1/suspects", response_model=Listing[SuspectRow], summary="A row for each suspect of each incident")
def list_suspects(state: Web, filters: Annotated[IncidentFilters, Query()]) -> Response:
    """The suspects of what `/api/v1/incidents` answers to the same filters; `limit` counts incidents."""
    page = state.incidents.search(filters.incident_query(), limit=filters.limit, cursor=filters.cursor)
    return listing(list(suspect_rows(page.items)), page.next_cursor)


@router.get(
    "/api/v1/incidents/{identity}/graph",
    response_model=Graph,
    responses=UNKNOWN,
    summary="Suspects, volume and victim as nodes and edges",
)
def get_graph(state: Web, identity: str) -> Response:
    """What Grafana's node graph draws."""
    return answer(graph_of([incident_of(state, identity)]))


@router.get("/api/v1/graph", response_model=Graph, summary="Who hurts whom by way of which volume")
def get_whole_graph(state: Web, filters: Annotated[IncidentFilters, Query()]) -> Response:
    """The same of many incidents together, with those who are accused, or the likeliest where nobody is."""
    page = state.incidents.search(filters.incident_query(), limit=filters.limit, cursor=filters.cursor)
    return answer(graph_of(page.items, likely_alone=True))
