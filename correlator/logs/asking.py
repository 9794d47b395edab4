"""One look at the logs of an incident, from its first question to what is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from correlator.logs.answers import Counts
from correlator.logs.burst import rise_of
from correlator.logs.client import Loki
from correlator.logs.look import BUCKET_SECONDS, Look, Subject
from correlator.logs.queries import LabelNames, count_query, label_names, lines_query
from correlator.logs.redact import shown
from correlator.logs.wording import Counted, pod_sentence, sentence_of
from correlator.model.frame import BlindSpot
from correlator.model.logs import LogEvidence, LogLine, PodLogs
from correlator.model.source import SourceError

SIGNAL = "logs"
"""What a look that saw nothing is called among blind spots."""

_SOURCE = "loki"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked for: see the settings of the same names. Empty label names are found."""

    error_pattern: str
    namespace_label: str = ""
    pod_label: str = ""
    max_lines: int = 5
    line_length: int = 300


class LogReader:
    """Looks at logs in Loki. One thread at a time."""

    def __init__(self, loki: Loki, asking: Asking) -> None:
        self._loki = loki
        self._asking = asking

    def look(self, look: Look, asked_at: datetime) -> LogEvidence:
        """What the pods wrote. Raises SourceError where not even the counts could be had.

        Lines that could not be had, and pods that Loki knows nothing of, are blind spots of the evidence.
        """
        names = self._names(look)
        if names is None:
            return unanswered(
                look, asked_at, "no label of Loki's streams names the namespace: set loki.namespace_label"
            )
        first = look.before_from + BUCKET_SECONDS
        every = self._loki.counts(count_query(names, look.subjects), names, first, look.until)
        errors = self._loki.counts(
            count_query(names, look.subjects, self._asking.error_pattern), names, first, look.until
        )
        blind: list[BlindSpot] = []
        pods = tuple(self._pod(subject, look, names, (every, errors), blind) for subject in look.subjects)
        return _evidence(look, asked_at, pods, sentence_of(pods), blind)

    def _names(self, look: Look) -> LabelNames | None:
        known = self._loki.labels(look.before_from, look.until)
        return label_names(known, self._asking.namespace_label, self._asking.pod_label)

    def _pod(
        self, subject: Subject, look: Look, names: LabelNames, counts: tuple[Counts, Counts], blind: list[BlindSpot]
    ) -> PodLogs:
        every, errors = (each.get((subject.namespace, subject.pod), {}) for each in counts)
        name = f"{subject.namespace}/{subject.pod}"
        before, after = _split(look, every, errors)
        if not every:
            blind.append(BlindSpot(SIGNAL, f"Loki has no line of {name} in these minutes"))
        rise = rise_of(before, after, len(look.subjects))
        counted = Counted(
            errors_before=sum(before) if before else None,
            errors_after=sum(after) if after else None,
            before_seconds=float(len(before) * BUCKET_SECONDS),
            after_seconds=float(len(after) * BUCKET_SECONDS),
        )
        return PodLogs(
            role=subject.role,
            namespace=subject.namespace,
            pod=subject.pod,
            errors_before=counted.errors_before,
            errors_after=counted.errors_after,
            before_seconds=counted.before_seconds,
            after_seconds=counted.after_seconds,
            rate_ratio=rise.rate_ratio,
            p_value=rise.p_value,
            rose=rise.is_rise,
            sentence=pod_sentence(counted, rise),
            lines=self._quoted(subject, look, names, blind) if counted.errors_after else (),
        )

    def _quoted(self, subject: Subject, look: Look, names: LabelNames, blind: list[BlindSpot]) -> tuple[LogLine, ...]:
        if not self._asking.max_lines:
            return ()
        query = lines_query(names, subject, self._asking.error_pattern)
        try:
            found = self._loki.lines(query, look.onset_from, look.until, self._asking.max_lines)
        except SourceError as error:
            blind.append(BlindSpot(SIGNAL, f"lines of {subject.namespace}/{subject.pod}: {error}"))
            return ()
        return tuple(
            LogLine(
                at=_EPOCH + timedelta(microseconds=at // 1000),
                text=shown(line, self._asking.line_length),
            )
            for at, line in found
        )


def unanswered(look: Look, asked_at: datetime, reason: str) -> LogEvidence:
    """What is kept where Loki could not be asked, or gave no answer: why."""
    return _evidence(look, asked_at, (), "", [BlindSpot(SIGNAL, reason)])


def _evidence(
    look: Look, asked_at: datetime, pods: tuple[PodLogs, ...], sentence: str, blind: list[BlindSpot]
) -> LogEvidence:
    before_from, onset_from, until = (
        datetime.fromtimestamp(at, UTC) for at in (look.before_from, look.onset_from, look.until)
    )
    return LogEvidence(
        source=_SOURCE,
        asked_at=asked_at,
        is_final=look.is_final,
        before_from=before_from,
        onset_from=onset_from,
        until=until,
        pods=pods,
        sentence=sentence,
        blind_spots=tuple(blind),
    )


def _split(look: Look, every: Mapping[int, int], errors: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """Errors a bucket before and after the onset, from the pod's first line on: before it there was nobody to err.

    A bucket without errors, or without any line of a pod that wrote earlier ones, has none.
    """
    begin = min((end for lines in (every, errors) for end in lines), default=None)
    if begin is None:
        return [], []
    ends = range(max(begin, look.before_from + BUCKET_SECONDS), look.until + 1, BUCKET_SECONDS)
    return list(_of(ends, errors, look, is_after=False)), list(_of(ends, errors, look, is_after=True))


def _of(ends: range, errors: Mapping[int, int], look: Look, *, is_after: bool) -> Iterator[int]:
    for end in ends:
        if (end > look.onset_from) is is_after:
            yield errors.get(end, 0)
