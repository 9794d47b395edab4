"""What a few pods wrote around an onset. It stands beside a verdict: nothing here feeds a confidence."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from correlator.model.frame import BlindSpot


class LogRole(StrEnum):
    """What a pod is in the incident."""

    VICTIM = "victim"
    ACCUSED = "accused"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line, made fit to be shown: control characters escaped, what looks like a secret withheld, cut."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PodLogs:
    """Lines of one pod that look like errors, counted before and after the onset.

    `errors_*` are None where the pod wrote no line at all in that span, so that nothing is known of its errors;
    `*_seconds` is how much of the span its logs cover. `rate_ratio` is errors a second after over before, None where
    one of them is unknown or there were none before. `p_value`: how likely so many after the onset are where nothing
    changed. `rose` says whether that counts as a rise. `lines` are the first few after the onset, oldest first.
    """

    role: LogRole
    namespace: str
    pod: str
    errors_before: int | None
    errors_after: int | None
    before_seconds: float
    after_seconds: float
    rate_ratio: float | None
    p_value: float | None
    rose: bool
    sentence: str
    lines: tuple[LogLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvidence:
    """One look at the logs of the victim and the first suspects: [before_from, onset_from) against [onset_from, until).

    `is_final`: the incident was over by then. `pods` is empty where nothing could be asked; `blind_spots` say why.
    """

    source: str
    asked_at: datetime
    is_final: bool
    before_from: datetime
    onset_from: datetime
    until: datetime
    pods: tuple[PodLogs, ...]
    sentence: str
    blind_spots: tuple[BlindSpot, ...] = ()

    def replaces(self, other: "LogEvidence") -> bool:
        """Whether this one is kept in place of another of its incident: what was seen is not given up for a failure."""
        if bool(self.pods) != bool(other.pods):
            return bool(self.pods)
        return (self.is_final, self.until) >= (other.is_final, other.until)
