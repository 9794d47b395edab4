"""Episodes: the incidents that one cause explains."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from correlator.model.incident import Episode
from correlator.web.parameters import EpisodeFilters
from correlator.web.problems import ProblemDetails, not_found
from correlator.web.respond import Listing, answer, listing
from correlator.web.state import Web

router = APIRouter(prefix="/api/v1/episodes", tags=["episodes"])


@router.get("", response_model=Listing[Episode], summary="Episodes, newest first")
def list_episodes(state: Web, filters: Annotated[EpisodeFilters, Query()]) -> Response:
    """All filters must hold; a page at a time."""
    page = state.incidents.episodes(filters.query(), limit=filters.limit, cursor=filters.cursor)
    return listing(page.items, page.next_cursor)


@router.get(
    "/{identity}",
    response_model=Episode,
    responses={404: {"model": ProblemDetails, "description": "No such episode"}},
    summary="One episode",
)
def get_episode(state: Web, identity: str) -> Response:
    """Its volumes, culprits and incidents."""
    episode = state.incidents.episode(identity)
    if episode is None:
        raise not_found("episode", identity)
    return answer(episode)
