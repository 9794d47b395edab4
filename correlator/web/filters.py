"""Filters of the incident list as they stand in the page's address: what a form, or a person, wrote there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from pydantic import ValidationError

from correlator.incidents.query import IncidentQuery
from correlator.web.parameters import IncidentFilters

FIELDS = (
    "state", "verdict", "namespace", "pod", "suspect", "node", "volume", "since", "until", "min_confidence",
)  # fmt: skip
_ZONELESS = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFilters:
    """What is asked for: `given` as it was written, `faults` by field, `unknown` names that nothing is filtered by.

    With a fault there is no `query`: a list that ignored it would show what was not asked for.
    """

    given: Mapping[str, str]
    cursor: str | None
    query: IncidentQuery | None
    faults: Mapping[str, str]
    unknown: Sequence[str]

    def without(self, name: str) -> str:
        """The address's query with one filter less."""
        return urlencode({key: value for key, value in self.given.items() if key != name})

    def following(self, cursor: str) -> str:
        """The address's query of the page that begins at `cursor`."""
        return urlencode({**self.given, "cursor": cursor})

    @property
    def encoded(self) -> str:
        """The address's query of the first page."""
        return urlencode(self.given)


def read_filters(parameters: Iterable[tuple[str, str]], cluster: str) -> PageFilters:
    """Filters of an address. Empty fields of a form ask for nothing; an instant without a zone is UTC, as shown."""
    said = {name: value.strip() for name, value in parameters if value.strip()}
    given = {name: said[name] for name in FIELDS if name in said}
    cursor = said.get("cursor")
    unknown = sorted(set(said).difference(FIELDS, ("cursor",)))
    try:
        filters = IncidentFilters.model_validate({name: _with_zone(value) for name, value in given.items()})
    except ValidationError as error:
        faults = {str(each["loc"][0]): each["msg"].removeprefix("Value error, ") for each in error.errors()}
        return PageFilters(given=given, cursor=None, query=None, faults=faults, unknown=unknown)
    query = filters.model_copy(update={"cluster": cluster}).incident_query()
    return PageFilters(given=given, cursor=cursor, query=query, faults={}, unknown=unknown)


def _with_zone(value: str) -> str:
    return f"{value}Z" if _ZONELESS.fullmatch(value) else value
