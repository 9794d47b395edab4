"""From an alert to what is known of its cause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from correlator.alerting.annotations import SharePath, annotations_of, as_it_is
from correlator.alerting.matching import IncidentIndex, Slack, belonging
from correlator.alerting.subject import LabelNames, subject_of
from correlator.model.finding import Verdict
from correlator.model.incident import Incident, State


@dataclass(frozen=True, slots=True)
class Enrichment:
    """What is known of an alert: the incidents that it belongs to, the most believable first, and what is told of them.

    `is_final`: there is a verdict, and waiting brings nothing else; false while no incident is there, or its cause is
    not determined yet.
    """

    incident_ids: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    is_final: bool = False


NOTHING = Enrichment()


class Enricher:
    """Tells the cause of alerts over a fixed set of incidents. Safe to use from several threads."""

    def __init__(
        self,
        incidents: Iterable[Incident],
        mapping: LabelNames,
        external_url: str = "",
        slack: Slack | None = None,
        share: SharePath = as_it_is,
    ) -> None:
        self._index = IncidentIndex(incidents)
        self._mapping = mapping
        self._external_url = external_url
        self._share = share
        self._slack = slack or Slack()

    def of(self, labels: Mapping[str, str], starts_at: datetime | None, ends_at: datetime | None = None) -> Enrichment:
        """What is known of an alert that began to fire at `starts_at` (None: now), whoever sent it: see `is_own`."""
        subject = subject_of(labels, self._mapping)
        found = belonging(self._index.about(subject), starts_at, ends_at, self._slack)
        if not found:
            return NOTHING
        is_vague = [kind for kind, _ in subject.named] == ["namespace"]
        told = annotations_of(found, self._external_url, is_vague=is_vague, share=self._share)
        return Enrichment(tuple(each.id for each in found), told, is_final=_is_settled(found[0]))

    def latest(self, labels: Mapping[str, str]) -> Enrichment:
        """What is known now or, where nothing is, of the last time that something was: for whoever knows no time."""
        now = self.of(labels, None)
        about = self._index.about(subject_of(labels, self._mapping))
        if now.incident_ids or not about:
            return now
        return self.of(labels, max(each.started_at for each in about))


def _is_settled(incident: Incident) -> bool:
    return incident.state is State.RESOLVED or incident.verdict is not Verdict.UNDETERMINED
