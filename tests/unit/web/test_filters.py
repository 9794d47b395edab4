"""Filters of the page's address."""

from datetime import UTC, datetime

import pytest

from correlator.incidents.query import IncidentQuery
from correlator.model.finding import Verdict
from correlator.model.incident import State
from correlator.web.filters import FIELDS, read_filters
from correlator.web.parameters import IncidentFilters


def test_all_filters_are_read() -> None:
    """The page filters by all that the API filters by, but for its own cluster and a second spelling of instants."""
    assert set(FIELDS) == set(IncidentFilters.model_fields) - {"cluster", "limit", "cursor", "from_ms", "to_ms"}


def test_filters_become_a_query() -> None:
    """With the daemon's cluster; empty fields of a form ask for nothing."""
    read = read_filters(
        [("state", "open"), ("verdict", "load"), ("pod", " vllm-0 "), ("node", ""), ("min_confidence", "0.8")], "eu"
    )
    assert read.query == IncidentQuery(
        cluster="eu", state=State.OPEN, verdict=Verdict.LOAD, pod="vllm-0", min_confidence=0.8
    )
    assert read.given == {"state": "open", "verdict": "load", "pod": "vllm-0", "min_confidence": "0.8"}
    assert not read.faults


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-23T02:04", datetime(2026, 11, 23, 2, 4, tzinfo=UTC)),
        ("2026-11-23 02:04:15", datetime(2026, 11, 23, 2, 4, 15, tzinfo=UTC)),
        ("2026-11-23T03:04:15+01:00", datetime(2026, 11, 23, 2, 4, 15, tzinfo=UTC)),
    ],
)
def test_an_instant_without_a_zone_is_utc(said: str, meant: datetime) -> None:
    """As everything on the page."""
    query = read_filters([("since", said)], "").query
    assert query is not None
    assert query.since == meant


def test_a_bad_filter_leaves_no_query() -> None:
    """What cannot be read is named, and kept as it was written; the list is not shown as if it had not been asked."""
    read = read_filters([("since", "yesterday"), ("min_confidence", "2"), ("pod", "a")], "")
    assert read.query is None
    assert set(read.faults) == {"since", "min_confidence"}
    assert read.given["since"] == "yesterday"


def test_unknown_filters_are_named() -> None:
    """A misspelt one does not pass for one that matches everything."""
    assert read_filters([("nmaespace", "inference"), ("cursor", "x")], "").unknown == ["nmaespace"]


def test_addresses_keep_what_is_asked() -> None:
    """One filter less, the next page, the first page: escaped, whatever stands in a value."""
    read = read_filters([("pod", "a&b=c"), ("volume", "#?/")], "")
    assert read.without("pod") == "volume=%23%3F%2F"
    assert read.following("abc") == "pod=a%26b%3Dc&volume=%23%3F%2F&cursor=abc"
    assert read.encoded == "pod=a%26b%3Dc&volume=%23%3F%2F"
