"""Questions and cursors."""

import base64
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.incidents.errors import InvalidQueryError
from correlator.incidents.query import EpisodeQuery, IncidentQuery, Position, checked_limit


@given(st.integers(-(10**17), 10**17), st.text("0123456789abcdef", min_size=1, max_size=16))
def test_a_cursor_gives_back_its_position(detected_us: int, identity: str) -> None:
    """Whatever the place, its cursor leads there and needs no escaping in a URL."""
    position = Position(detected_us, identity)
    assert Position.decode(position.encode()) == position
    assert position.encode().replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "cursor",
    ["x", "%", "é", "=", "AAAA", base64.urlsafe_b64encode(b"1.'; DROP TABLE incidents").decode(), "MS5h!", "MTIz"],
)
def test_a_foreign_cursor_is_refused_by_name(cursor: str) -> None:
    """A cursor that we did not give is a ValueError that names the field."""
    with pytest.raises(InvalidQueryError, match="cursor: a next_cursor") as refused:
        Position.decode(cursor)
    assert refused.value.field == "cursor"


@given(st.text(max_size=40))
def test_no_text_breaks_the_cursor(cursor: str) -> None:
    """Any text is either refused as a cursor or leads to a place whose cursor leads there too."""
    try:
        position = Position.decode(cursor)
    except InvalidQueryError:
        return
    assert Position.decode(position.encode()) == position


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_limits_have_limits(limit: int) -> None:
    """A page has 1 to 500 items."""
    with pytest.raises(InvalidQueryError, match="limit: a number from 1 to 500") as refused:
        checked_limit(limit)
    assert refused.value.field == "limit"
    assert checked_limit(1) == 1
    assert checked_limit(500) == 500


@pytest.mark.parametrize("confidence", [-0.1, 1.1, math.nan])
def test_a_confidence_is_a_probability(confidence: float) -> None:
    """A bound outside 0 … 1 is refused by name."""
    with pytest.raises(InvalidQueryError) as refused:
        IncidentQuery(min_confidence=confidence)
    assert refused.value.field == "min_confidence"


@pytest.mark.parametrize("field", ["since", "until"])
def test_instants_need_their_zone(field: str) -> None:
    """An instant without a time zone could mean anything: it is refused by name, for episodes too."""
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    for kind in (IncidentQuery, EpisodeQuery):
        with pytest.raises(InvalidQueryError) as refused:
            kind(**{field: naive})  # type: ignore[arg-type] # either field is an instant
        assert refused.value.field == field
