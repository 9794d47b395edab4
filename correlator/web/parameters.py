"""Query parameters: their meaning, their limits, and that an unknown one is an error, not ignored."""

import re
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, Self

from fastapi import Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from correlator.incidents.query import LARGEST_PAGE, EpisodeQuery, IncidentQuery
from correlator.model.finding import Verdict
from correlator.model.incident import State
from correlator.web.problems import field_fault


def _pod_name(value: str) -> str:
    if not _POD_NAME.fullmatch(value):
        raise ValueError("expected namespace/pod, such as inference/vllm-0")
    return value


_POD_NAME = re.compile(r"[^/\s]{1,63}/[^/\s]{1,253}")
_NOT_ASKED = {"limit", "cursor", "from_ms", "to_ms"}
Milliseconds = Annotated[int, Field(ge=0, le=253_402_300_799_999)]
PodName = Annotated[str, AfterValidator(_pod_name)]


class _Paged(BaseModel):
    """Where a page begins and how long it is."""

    limit: int = Field(default=100, ge=1, le=LARGEST_PAGE, description="Items on a page.")
    cursor: str | None = Field(default=None, description="The `next_cursor` of the page before.")


class EpisodeFilters(_Paged):
    """Filters of `/api/v1/episodes`."""

    state: State | None = None
    verdict: Verdict | None = None
    cluster: str | None = None
    since: AwareDatetime | None = Field(default=None, description="First detected at or after this instant.")
    until: AwareDatetime | None = Field(default=None, description="First detected before this instant.")
    from_ms: Milliseconds | None = Field(default=None, alias="from", description="`since` in milliseconds since 1970.")
    to_ms: Milliseconds | None = Field(default=None, alias="to", description="`until` in milliseconds since 1970.")

    @model_validator(mode="after")
    def _one_spelling(self) -> Self:
        for words, number, alias in (("since", "from_ms", "from"), ("until", "to_ms", "to")):
            milliseconds: int | None = getattr(self, number)
            if milliseconds is not None:
                if getattr(self, words) is not None:
                    raise ValueError(f"{alias} and {words} say the same: give one of them")
                setattr(self, words, datetime.fromtimestamp(milliseconds / 1000, UTC))
        return self

    def query(self) -> EpisodeQuery:
        """What the store is asked."""
        return EpisodeQuery(**self.model_dump(exclude=_NOT_ASKED))


class IncidentFilters(EpisodeFilters):
    """Filters of `/api/v1/incidents`."""

    namespace: str | None = Field(default=None, description="The victim's namespace.")
    pod: str | None = Field(default=None, description="The victim's pod.")
    suspect: str | None = Field(
        default=None, description="A suspect, accused or not: `namespace/pod`, pod, workload (`Job/reindex`) or node."
    )
    node: str | None = Field(default=None, description="Node of the victim or of the volume.")
    volume: str | None = Field(default=None, description="Id or name of the volume.")
    min_confidence: float | None = Field(default=None, ge=0, le=1)

    def incident_query(self) -> IncidentQuery:
        """What the store is asked."""
        return IncidentQuery(**self.model_dump(exclude=_NOT_ASKED))


def refuse_unknown_parameters(request: Request) -> None:
    """A misspelt filter must not pass for one that matches everything."""
    known = _known_parameters(request)
    for name in request.query_params:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known) or 'none'}"
            raise field_fault("query", name, f"unknown parameter{hint}")


def _known_parameters(request: Request) -> list[str]:
    """What the API's own description says of the route."""
    path: dict[str, Any] = request.app.openapi()["paths"].get(request.scope["route"].path_format, {})
    operation = path.get(request.method.lower()) or path.get("get", {})
    return sorted(each["name"] for each in operation.get("parameters", ()) if each["in"] == "query")
