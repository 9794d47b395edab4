"""Decides when receivers are told of what Alertmanager posted: enriched when that is quick, at once when it is not.

A notification waits for the causes of its alerts, a few seconds at most. What becomes known later is told as well, once
and for all: an update. Of a group, a notification is never told before an earlier one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from correlator.alerting.enrichment import NOTHING, Enricher, Enrichment
from correlator.alerting.loops import is_own
from correlator.alerting.payload import Alert, Notification, annotated, digest, parse
from correlator.alerting.subject import LabelNames, subject_of
from correlator.delivery.notice import Notice, key_of
from correlator.incidents.inbox import Inbox, KeptNotification, Progress, Telling

log = structlog.get_logger(__name__)

AT_ONCE: Final = 50
"""Notifications that one transaction tells of: what comes in meanwhile waits for its end."""
MOST_WATCHED: Final = 5_000
"""Of those that were told without a cause; the oldest are let go beyond that."""
_UPDATE_PAUSE = timedelta(seconds=15)
"""Between updates of a notification whose alerts get their verdicts one after the other."""
_COMPARED: Final = ("correlator_verdict", "correlator_suspects", "correlator_link")
"""A confidence that moves a little is no news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """`at_most`: for the causes of alerts, before anybody is told. `watched_for`: for later ones."""

    at_most: timedelta = timedelta(seconds=3)
    watched_for: timedelta = timedelta(minutes=30)


@dataclass(slots=True)
class _Pending:
    """A notification in hand. `look` is what the newest enricher said of each alert; `is_open`: more may follow."""

    kept: KeptNotification
    notification: Notification
    revision: int
    told: str
    told_at: datetime
    look: Sequence[Enrichment] = field(default=())
    looked_with: Enricher | None = None
    is_open: bool = False


class Dispatcher:
    """Serves one inbox, from one thread. `clock` is in epoch seconds."""

    def __init__(
        self,
        inbox: Inbox,
        sinks: Collection[str],
        enricher: Callable[[], Enricher],
        names: LabelNames,
        waiting: Waiting,
        clock: Callable[[], float],
    ) -> None:
        self._inbox = inbox
        self._sinks = tuple(sinks)
        self._enricher = enricher
        self._names = names
        self._waiting = waiting
        self._clock = clock
        self._untold: dict[int, _Pending] = {}
        self._watched: dict[str, _Pending] = {}  # by group: of each only the newest
        self._news_of: Enricher | None = None
        self._seen = 0
        self._is_begun = False

    @property
    def untold(self) -> int:
        """Notifications that nobody is told of yet."""
        return len(self._untold)

    def turn(self) -> int:
        """Tell what is to be told now; how many were. Raises StoreError, and may be called again after it."""
        self._take_up()
        now, enricher = datetime.fromtimestamp(self._clock(), UTC), self._enricher()
        firsts = self._ready(now, enricher)
        told = self._tell(firsts, now)
        told += self._tell(self._news(now, enricher), now)
        self._let_go(now)
        return told

    def _take_up(self) -> None:
        """Read what is new; at the start, what was watched as well."""
        if not self._is_begun:
            self._watched = {each.kept.group: each for each in self._read(Progress.WATCHED, 0)}
            self._is_begun = True
        for each in self._read(Progress.WAITING, self._seen):
            self._untold[each.kept.sequence] = each
            self._seen = each.kept.sequence

    def _read(self, progress: Progress, after: int) -> list[_Pending]:
        found: list[_Pending] = []
        while page := self._inbox.pending(progress, after, AT_ONCE):
            found += [_Pending(each, parse(each.body), each.revision, each.told, each.received_at) for each in page]
            after = page[-1].sequence
        return found

    def _ready(self, now: datetime, enricher: Enricher) -> list[_Pending]:
        """Those that wait no longer, in order; none whose group waits for an earlier one."""
        held_up: set[str] = set()
        ready = []
        for each in self._untold.values():
            if each.kept.group in held_up:
                continue
            self._look(each, enricher)
            if self._waits(each, now):
                held_up.add(each.kept.group)
            else:
                ready.append(each)
        return ready

    def _waits(self, pending: _Pending, now: datetime) -> bool:
        if not self._sinks or now - pending.kept.received_at >= self._waiting.at_most:
            return False
        return pending.is_open

    def _look(self, pending: _Pending, enricher: Enricher) -> None:
        if pending.looked_with is not enricher:
            pending.look = [self._known(alert, enricher) for alert in pending.notification.alerts]
            pending.looked_with = enricher
            pending.is_open = self._is_open(pending)

    def _known(self, alert: Alert, enricher: Enricher) -> Enrichment:
        if is_own(alert.labels, alert.annotations):
            return NOTHING
        return enricher.of(alert.labels, alert.starts_at, alert.ends_at)

    def _is_open(self, pending: _Pending) -> bool:
        """Whether more may become known of an alert that fires and names something that incidents know."""
        return any(
            alert.is_firing
            and not known.is_final
            and not is_own(alert.labels, alert.annotations)
            and subject_of(alert.labels, self._names).named
            for alert, known in zip(pending.notification.alerts, pending.look, strict=True)
        )

    def _news(self, now: datetime, enricher: Enricher) -> list[_Pending]:
        """What is watched and got a verdict; what got one of several a moment ago waits for the others."""
        if enricher is self._news_of:
            return []
        news = []
        is_complete = True
        for each in self._watched.values():
            self._look(each, enricher)
            if _state_of(each) == each.told or not any(known.is_final for known in each.look):
                continue
            if each.is_open and now - each.told_at < _UPDATE_PAUSE:
                is_complete = False
            else:
                news.append(each)
        if is_complete:
            self._news_of = enricher
        return news

    def _tell(self, ready: Sequence[_Pending], now: datetime) -> int:
        for start in range(0, len(ready), AT_ONCE):
            batch = ready[start : start + AT_ONCE]
            self._inbox.tell([self._telling(each, now) for each in batch], self._sinks)
            for each in batch:
                self._was_told(each, now)
        return len(ready)

    def _telling(self, pending: _Pending, now: datetime) -> Telling:
        kept, revision = pending.kept, pending.revision + 1
        notice = Notice(
            key=key_of(kept.group, kept.content, kept.repeat, revision),
            group=kept.group,
            revision=revision,
            payload=annotated(pending.notification, [each.annotations for each in pending.look]),
        )
        return Telling(
            sequence=kept.sequence,
            group=kept.group,
            revision=revision,
            told=_state_of(pending),
            progress=Progress.WATCHED if self._is_to_be_watched(pending) else Progress.DONE,
            at=now,
            body=notice.packed(),
        )

    def _is_to_be_watched(self, pending: _Pending) -> bool:
        return bool(self._sinks) and pending.is_open

    def _was_told(self, pending: _Pending, now: datetime) -> None:
        self._untold.pop(pending.kept.sequence, None)
        pending.revision += 1
        pending.told, pending.told_at = _state_of(pending), now
        self._watched.pop(pending.kept.group, None)
        if self._is_to_be_watched(pending):
            self._watched[pending.kept.group] = pending

    def _let_go(self, now: datetime) -> None:
        """The oldest stand first: what is told again goes to the end, with its group's newest."""
        gone: list[_Pending] = []
        for each in self._watched.values():
            is_beyond = len(self._watched) - len(gone) > MOST_WATCHED
            if not is_beyond and now - each.kept.received_at <= self._waiting.watched_for:
                break
            gone.append(each)
        if gone:
            self._inbox.finish([each.kept.sequence for each in gone])
            for each in gone:
                del self._watched[each.kept.group]


def _state_of(pending: _Pending) -> str:
    """What stands for that which is told of the causes."""
    told: list[Mapping[str, str]] = [
        {key: each.annotations[key] for key in _COMPARED if key in each.annotations} for each in pending.look
    ]
    return digest(told)
