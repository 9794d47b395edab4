"""A recording with its truth, and what the engine makes of it."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from correlator import catalog
from correlator.incidents.lifecycle import incident_of
from correlator.inquiry import Inquiry
from correlator.model.finding import SuspectKind
from correlator.model.incident import Incident
from correlator.sources.recording import RecordingSource
from tests.calibrated import calibrated

FIXTURES = Path(__file__).parents[2] / "fixtures"


@dataclass(frozen=True)
class Truth:
    """What really happened; instants in epoch seconds, culprits as `namespace/pod`."""

    scenario: str
    summary: str
    verdict: str | None
    culprits: tuple[str, ...]
    validated: bool
    event_start: float
    event_end: float
    first_affected: float | None
    scrape_seconds: float


@dataclass(frozen=True)
class Judged:
    """What the engine said over the whole recording.

    `incident` is the one that overlaps the event most, None where none does; `accused` are all suspects that any
    look at any step accused, pods as `namespace/pod`.
    """

    truth: Truth
    incident: Incident | None
    incidents: tuple[Incident, ...]
    accused: frozenset[str]

    @property
    def onset_error_seconds(self) -> float | None:
        """Dated onset minus the first affected first token; None where one of them is missing."""
        if self.incident is None or self.truth.first_affected is None:
            return None
        return self.incident.started_at.timestamp() - self.truth.first_affected


def names() -> list[str]:
    """The recordings that are kept."""
    return sorted(path.parent.name for path in FIXTURES.glob("*/truth.json"))


def truth_of(name: str) -> Truth:
    """The truth beside a recording."""
    content: dict[str, Any] = json.loads((FIXTURES / name / "truth.json").read_text())
    affected = content["first_affected_at"]
    return Truth(
        scenario=content["scenario"],
        summary=content["summary"],
        verdict=content["expected_verdict"],
        culprits=tuple(f"{each['namespace']}/{each['pod']}" for each in content["culprits"]),
        validated=content["impact_validated"],
        event_start=datetime.fromisoformat(content["event_start_at"]).timestamp(),
        event_end=datetime.fromisoformat(content["event_end_at"]).timestamp(),
        first_affected=None if affected is None else datetime.fromisoformat(affected).timestamp(),
        scrape_seconds=content["scrape_interval_seconds"],
    )


def recording(name: str) -> RecordingSource:
    """The series of a recording."""
    return RecordingSource(FIXTURES / name / "recording.zip")


@cache
def judged(name: str) -> Judged:
    """Walk through a recording as the daemon would."""
    source = recording(name)
    inquiry = Inquiry(source=source, signals=catalog.load(), parameters=calibrated(), tiers={})
    found: dict[str, Incident] = {}
    accused = set()
    for evaluation in inquiry.steps(*source.span(0.0)):
        for finding in evaluation.findings:
            draft = incident_of(finding, "", None)
            found[draft.id] = incident_of(finding, "", found.get(draft.id))
            accused |= {
                f"{suspect.namespace}/{suspect.pod}" if suspect.kind is SuspectKind.POD else str(suspect.kind)
                for suspect in finding.suspects
                if suspect.accused
            }
    truth = truth_of(name)
    incidents = tuple(sorted(found.values(), key=lambda incident: incident.detected_at))
    return Judged(truth, _of_event(truth, incidents), incidents, frozenset(accused))


def _of_event(truth: Truth, incidents: tuple[Incident, ...]) -> Incident | None:
    """The incident that overlaps the event most."""
    overlaps = [(_overlap(truth, incident), incident) for incident in incidents]
    most = max(overlaps, key=lambda pair: pair[0], default=None)
    return most[1] if most is not None and most[0] > 0 else None


def _overlap(truth: Truth, incident: Incident) -> float:
    end = incident.ended_at.timestamp() if incident.ended_at is not None else truth.event_end
    return min(end, truth.event_end) - max(incident.started_at.timestamp(), truth.event_start)
