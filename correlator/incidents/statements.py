"""The SQL behind questions: filters backed by indexes, sorted newest first, continued after a position."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, literal, literal_column, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from correlator.incidents.instants import microseconds
from correlator.incidents.query import EpisodeQuery, IncidentQuery, Position
from correlator.incidents.tables import BodyRow, EpisodeRow, IncidentRow, KeyRow
from correlator.model.incident import State


def incidents_page(query: IncidentQuery, after: Position | None, limit: int) -> Select[int, str, bytes, str | None]:
    """Up to `limit` incidents: time, identity, body, feedback. Bodies are fetched for these alone."""
    statement, detected_us, identity = _positions(query)
    statement = statement.where(*_after(detected_us, identity, after))
    found = statement.order_by(detected_us.desc(), identity.desc()).limit(limit).subquery()
    return (
        select(found.c.detected_us, found.c.id, BodyRow.body, BodyRow.feedback)
        .join(BodyRow, BodyRow.incident_id == found.c.id)
        .order_by(found.c.detected_us.desc(), found.c.id.desc())
    )


def episodes_page(query: EpisodeQuery, after: Position | None, limit: int) -> Select[int, str, str]:
    """Up to `limit` episodes: time, identity, body. Those whose only incident moved away are passed over."""
    equal = {EpisodeRow.verdict: query.verdict, EpisodeRow.cluster: query.cluster}
    return (
        select(EpisodeRow.detected_us, EpisodeRow.id, EpisodeRow.body)
        .where(EpisodeRow.size > 0, *_in_state(EpisodeRow.state, query.state))
        .where(*(column == str(value) for column, value in equal.items() if value is not None))
        .where(*_between(EpisodeRow.detected_us, query.since, query.until))
        .where(*_after(EpisodeRow.detected_us, EpisodeRow.id, after))
        .order_by(EpisodeRow.detected_us.desc(), EpisodeRow.id.desc())
        .limit(limit)
    )


def _positions(
    query: IncidentQuery,
) -> tuple[Select[int, str], InstrumentedAttribute[int], InstrumentedAttribute[str]]:
    """Time and identity of the incidents asked for. A key, where one is asked for, gives the order."""
    keys = [("suspect", query.suspect), ("volume", query.volume), ("node", query.node)]
    asked = [(kind, key, aliased(KeyRow)) for kind, key in keys if key is not None]
    conditions = list(_conditions(query))
    if not asked:
        detected_us, identity = IncidentRow.detected_us, IncidentRow.id
    else:
        detected_us, identity = asked[0][2].detected_us, asked[0][2].incident_id
    statement = select(detected_us, identity.label("id"))
    for _kind, _key, other in asked[1:]:
        statement = statement.join(other, and_(other.incident_id == identity, other.detected_us == detected_us))
    if asked and conditions:
        same = and_(IncidentRow.id == identity, IncidentRow.detected_us == detected_us)
        statement = statement.join(IncidentRow, same)
    for kind, key, row in asked:
        statement = statement.where(row.kind == kind, row.key == key)
    statement = statement.where(*conditions, *_between(detected_us, query.since, query.until))
    return statement, detected_us, identity


def _conditions(query: IncidentQuery) -> Iterator[ColumnElement[bool]]:
    yield from _in_state(IncidentRow.state, query.state)
    equal = {
        IncidentRow.verdict: query.verdict,
        IncidentRow.cluster: query.cluster,
        IncidentRow.namespace: query.namespace,
        IncidentRow.pod: query.pod,
    }
    for column, value in equal.items():
        if value is not None:
            yield column == str(value)
    if query.min_confidence is not None:
        yield IncidentRow.confidence >= query.min_confidence


def _in_state(column: InstrumentedAttribute[str], state: State | None) -> Iterator[ColumnElement[bool]]:
    """Written out for open ones: an index of a part of a table is not taken for a parameter."""
    if state is State.OPEN:
        yield column == literal_column("'open'")
    elif state is not None:
        yield column == state.value


def _between(
    detected_us: InstrumentedAttribute[int], since: datetime | None, until: datetime | None
) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield detected_us >= microseconds(since)
    if until is not None:
        yield detected_us < microseconds(until)


def _after(
    detected_us: InstrumentedAttribute[int], identity: InstrumentedAttribute[str], position: Position | None
) -> Iterator[ColumnElement[bool]]:
    if position is not None:
        yield tuple_(detected_us, identity) < tuple_(literal(position.detected_us), literal(position.id))
