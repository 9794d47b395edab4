"""Incidents that are older than the kept series, as the series that they had: so that annotations go back as far."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from correlator.incidents.errors import StoreCorruptError
from correlator.incidents.instants import instant, microseconds
from correlator.incidents.rows import read_incident
from correlator.incidents.tables import BodyRow, EpisodeRow, IncidentRow
from correlator.model.frame import Floats
from correlator.model.incident import Incident, State
from correlator.publish.samples import Samples, Stored, add_stored
from correlator.timeseries.cache import Cache
from correlator.timeseries.exported import Exported, exported
from correlator.timeseries.hour import Accepts, Hour, Steps
from correlator.timeseries.names import Names, rows_of

log = structlog.get_logger(__name__)

METRICS: Final = (
    "correlator_incident_active",
    "correlator_incident_info",
    "correlator_suspect_confidence",
    "correlator_suspect_mean_excess_seconds",
    "correlator_suspect_share_ratio",
    "correlator_victim_ttft_mean_excess_seconds",
)
STEP: Final = 240
"""Seconds between two readings: less than Prometheus looks back."""

MOST_INCIDENTS: Final = 1_000
"""The newest of a span that are told of."""

_HELD_BYTES: Final = 8_000_000
_INCIDENT_BYTES: Final = 4_000


@dataclass(frozen=True, slots=True)
class _Old:
    """What an incident exported, by its last word, from its detection until it was resolved (None: it is open)."""

    since: int
    until: int | None
    said: Exported


class Past:
    """Finds incidents of one cluster that were over, or at least open, before series were kept."""

    def __init__(self, where: str, cluster: str) -> None:
        self._where = where
        self._cluster = cluster
        self._known: Cache[_Old] = Cache(_HELD_BYTES)

    def hours(self, connection: Connection, start: int, end: int, accepts: Accepts) -> Iterator[Hour]:
        """The span, `end` included, of each metric that is accepted: 1 while open, not there otherwise."""
        wanted = [metric for metric in METRICS if accepts(metric)]
        if not wanted or start > end:
            return
        incidents = [old for old in self._incidents(connection, start, end) if _last(old, end) > start]
        times = _times(incidents, start, end)
        if not len(times):
            return
        for metric in wanted:
            rows, values = _rows(metric, incidents, times)
            if rows:
                yield Hour(Names(metric, rows_of(rows)), times, values.__getitem__)

    def _incidents(self, connection: Connection, start: int, end: int) -> Iterator[_Old]:
        found = connection.execute(
            select(IncidentRow.id, IncidentRow.state, BodyRow.body)
            .join(EpisodeRow, EpisodeRow.id == IncidentRow.episode_id)
            .join(BodyRow, BodyRow.incident_id == IncidentRow.id)
            .where(
                IncidentRow.cluster == self._cluster,
                IncidentRow.detected_us <= microseconds(instant(end)),
                EpisodeRow.updated_us >= microseconds(instant(start)),
            )
            .order_by(IncidentRow.detected_us.desc())
            .limit(MOST_INCIDENTS)
        )
        for row in found:
            old = self._known.get((row.id, row.state))
            if old is None:
                try:
                    old = _old(read_incident(self._where, row.id, row.body, None), self._cluster)
                except StoreCorruptError as error:
                    log.warning("an old incident has no series", why=str(error))
                    continue
                if row.state == State.RESOLVED.value:
                    self._known.put((row.id, row.state), old, _INCIDENT_BYTES)
            yield old


def _old(incident: Incident, cluster: str) -> _Old:
    samples = Samples()
    add_stored(samples, Stored(open_incidents=(incident,)), ())
    said = {name: values for name, values in samples.values().items() if name in METRICS}
    until = None if incident.state is State.OPEN else int(incident.updated_at.timestamp())
    return _Old(int(incident.detected_at.timestamp()), until, exported(said, cluster))


def _last(old: _Old, end: int) -> int:
    return end + 1 if old.until is None else min(old.until, end + 1)


def _times(incidents: list[_Old], start: int, end: int) -> Steps:
    """When an incident began, ended, and every few minutes between."""
    found = [np.empty(0, dtype=np.int64)]
    for old in incidents:
        until = _last(old, end)
        grid = np.arange(-(-max(old.since, start) // STEP) * STEP, until, STEP, dtype=np.int64)
        found += [grid, np.array([old.since, until], dtype=np.int64)]
    times = np.unique(np.concatenate(found))
    return times[(times >= start) & (times <= end)]


def _rows(metric: str, incidents: list[_Old], times: Steps) -> tuple[list[dict[str, str]], Floats]:
    """Labels of series, and their values: of two incidents with the same labels each has its own time."""
    places: dict[tuple[tuple[str, str], ...], int] = {}
    parts: list[tuple[int, NDArray[np.bool_], float]] = []
    for old in incidents:
        family = old.said.get(metric)
        then = (times >= old.since) & (times < (times[-1] + 1 if old.until is None else old.until))
        if family is None or not then.any():
            continue
        for labels, value in family.values.items():
            key = tuple(zip(family.names, labels, strict=True))
            parts.append((places.setdefault(key, len(places)), then, value))
    values = np.full((len(places), len(times)), np.nan)
    for place, then, value in parts:
        values[place, then] = value
    return [dict(key) for key in places], values
