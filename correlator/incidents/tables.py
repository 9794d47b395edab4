"""The schema, as the migrations leave it. `docs/store.md` says why it is cut like this.

Instants are whole microseconds since 1970 (`*_us`), which sort and compare alike in every database; steps are whole
seconds. A change here needs a migration: a test compares the two.
"""

from sqlalchemy import BigInteger, Float, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

IS_OPEN = "state = 'open'"
"""The open ones are few and asked for often: they have an index of their own, the resolved ones need none."""

_LISTED = ("detected_us", "id")  # every index goes on in the order of lists, and holds all that is filtered by


class Base(DeclarativeBase):
    """All tables of the store."""


class IncidentRow(Base):
    """What incidents are filtered and sorted by: narrow and kept in the order of lists, so that a scan is cheap."""

    __tablename__ = "incidents"

    detected_us: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(String, primary_key=True)
    episode_id: Mapped[str] = mapped_column(String)
    cluster: Mapped[str] = mapped_column(String)
    state: Mapped[str] = mapped_column(String)
    verdict: Mapped[str] = mapped_column(String)
    confidence: Mapped[float] = mapped_column(Float)
    namespace: Mapped[str] = mapped_column(String)
    pod: Mapped[str] = mapped_column(String)
    counted_verdicts: Mapped[str] = mapped_column(String)  # comma separated: those it was counted under

    __table_args__ = (
        Index("ix_incidents_id", "id", unique=True),
        Index("ix_incidents_open", *_LISTED, sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
        Index("ix_incidents_verdict", "verdict", *_LISTED, "state", "cluster", "namespace", "pod", "confidence"),
        Index("ix_incidents_namespace", "namespace", *_LISTED, "state", "cluster", "verdict", "pod", "confidence"),
        Index("ix_incidents_pod", "pod", *_LISTED, "state", "cluster", "verdict", "namespace", "confidence"),
        Index("ix_incidents_episode", "episode_id"),
        {"sqlite_with_rowid": False},
    )


class KeyRow(Base):
    """What an incident has several of, or under several names: nodes, volumes, suspects. Sorted as lists are."""

    __tablename__ = "incident_keys"

    kind: Mapped[str] = mapped_column(String, primary_key=True)  # "node", "volume" or "suspect"
    key: Mapped[str] = mapped_column(String, primary_key=True)
    detected_us: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    incident_id: Mapped[str] = mapped_column(String, primary_key=True)

    __table_args__ = (Index("ix_incident_keys_incident", "incident_id"),)


class BodyRow(Base):
    """The whole incident as compressed JSON, and what a person said of it, which no step overwrites."""

    __tablename__ = "incident_bodies"

    incident_id: Mapped[str] = mapped_column(String, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    feedback: Mapped[str | None] = mapped_column(Text)


class EvidenceRow(Base):
    """The series behind an incident as compressed JSON: those of its newest look."""

    __tablename__ = "incident_evidence"

    incident_id: Mapped[str] = mapped_column(String, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class LogsRow(Base):
    """What logs say of an incident as compressed JSON: written after the step that it belongs to, by whoever asked."""

    __tablename__ = "incident_logs"

    incident_id: Mapped[str] = mapped_column(String, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class EpisodeRow(Base):
    """An episode. `detected_us` is its first incident's; `size` is 0 once its only incident moved to another."""

    __tablename__ = "episodes"

    id: Mapped[str] = mapped_column(String, primary_key=True)
    cluster: Mapped[str] = mapped_column(String)
    state: Mapped[str] = mapped_column(String)
    verdict: Mapped[str] = mapped_column(String)
    detected_us: Mapped[int] = mapped_column(BigInteger)
    updated_us: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        Index("ix_episodes_detected", "detected_us", "id"),
        Index("ix_episodes_open", *_LISTED, sqlite_where=text(IS_OPEN), postgresql_where=text(IS_OPEN)),
        Index("ix_episodes_updated", "updated_us"),
    )


class EventRow(Base):
    """The log of what happened to incidents. Sequences are without gaps when written, and never used again."""

    __tablename__ = "events"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at_us: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String)
    incident_id: Mapped[str] = mapped_column(String)

    __table_args__ = (Index("ix_events_incident", "incident_id"),)


class ProgressRow(Base):
    """How far a cluster was evaluated, and what the engine remembered then."""

    __tablename__ = "progress"

    cluster: Mapped[str] = mapped_column(String, primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger)
    memory: Mapped[bytes] = mapped_column(LargeBinary)


class CountRow(Base):
    """How many incidents ever had a verdict: a total that retention does not lower."""

    __tablename__ = "incident_counts"

    cluster: Mapped[str] = mapped_column(String, primary_key=True)
    verdict: Mapped[str] = mapped_column(String, primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)


class SequenceRow(Base):
    """The one row that numbers events; writers of a server database take turns on it."""

    __tablename__ = "event_sequence"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)


class SeriesStepRow(Base):
    """What one cycle exported of one metric; `metric` is empty in the row that says that there was a cycle.

    `readings` are floats (little-endian) in the order in which series were first seen since the last full hour, NaN
    where one was not exported; `added` names the series that are new (JSON). Rows of a past hour become blocks.
    """

    __tablename__ = "series_steps"

    cluster: Mapped[str] = mapped_column(String, primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    metric: Mapped[str] = mapped_column(String, primary_key=True)
    added: Mapped[bytes | None] = mapped_column(LargeBinary)
    readings: Mapped[bytes] = mapped_column(LargeBinary)


class SeriesBlockRow(Base):
    """One metric over one hour, from `start` in epoch seconds on: compressed times and values of all its series."""

    __tablename__ = "series_blocks"

    cluster: Mapped[str] = mapped_column(String, primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    metric: Mapped[str] = mapped_column(String, primary_key=True)
    names_id: Mapped[str] = mapped_column(String)
    size: Mapped[int] = mapped_column(BigInteger)  # bytes of what follows
    times: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class SeriesNamesRow(Base):
    """The labels of the series of a block, compressed JSON: most hours have those of the hour before."""

    __tablename__ = "series_names"

    cluster: Mapped[str] = mapped_column(String, primary_key=True)
    id: Mapped[str] = mapped_column(String, primary_key=True)  # a hash of the body
    body: Mapped[bytes] = mapped_column(LargeBinary)


class CursorRow(Base):
    """How far a sink has heard the log of events."""

    __tablename__ = "delivery_cursors"

    cluster: Mapped[str] = mapped_column(String, primary_key=True)
    sink: Mapped[str] = mapped_column(String, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)


class OutboxRow(Base):
    """A delivery that has not arrived yet: what is to be sent, and when it may be tried again."""

    __tablename__ = "outbox"

    cluster: Mapped[str] = mapped_column(String, primary_key=True)
    sink: Mapped[str] = mapped_column(String, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    order_group: Mapped[str] = mapped_column(String)
    at_us: Mapped[int] = mapped_column(BigInteger)
    due_us: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_outbox_group", "cluster", "sink", "order_group", "sequence"),)


class DeadLetterRow(Base):
    """A delivery that was given up, and why: kept until somebody has it tried again, or it is old."""

    __tablename__ = "dead_letters"

    cluster: Mapped[str] = mapped_column(String, primary_key=True)
    sink: Mapped[str] = mapped_column(String, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    order_group: Mapped[str] = mapped_column(String)
    at_us: Mapped[int] = mapped_column(BigInteger)
    died_us: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class NotificationRow(Base):
    """A notification as Alertmanager posted it (compressed JSON), and what was told of it so far.

    `content` says which alerts are in which state, `repeat` how often the group said that before. `progress` is
    `waiting` (nobody was told), `watched` (told; what becomes known is told as well) or `done`; `told` stands for what
    was told last.
    """

    __tablename__ = "alert_notifications"

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    cluster: Mapped[str] = mapped_column(String)
    order_group: Mapped[str] = mapped_column(String)
    content: Mapped[str] = mapped_column(String)
    repeat: Mapped[int] = mapped_column(BigInteger)
    received_us: Mapped[int] = mapped_column(BigInteger)
    progress: Mapped[str] = mapped_column(String)
    revision: Mapped[int] = mapped_column(BigInteger)
    told: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        Index("ix_alert_notifications_progress", "cluster", "progress", "sequence"),
        Index("ix_alert_notifications_group", "cluster", "order_group", "content"),
        Index("ix_alert_notifications_received", "cluster", "received_us"),
        {"sqlite_autoincrement": True},
    )


class FingerprintRow(Base):
    """Which notifications speak of an alert."""

    __tablename__ = "alert_fingerprints"

    cluster: Mapped[str] = mapped_column(String, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)

    __table_args__ = (Index("ix_alert_fingerprints_sequence", "sequence"),)
