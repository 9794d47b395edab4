"""What happened: summary, timeline, impact."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from correlator.model.finding import TtftEffect
from correlator.model.incident import Incident, Moment
from correlator.model.symptom_words import symptom_words
from correlator.picture.labels import VERDICTS
from correlator.report.document import Block, Paragraph, Reference, Section, Table
from correlator.report.material import Material
from correlator.wording import words

_LOOKS = {"opened": "Incident opened", "updated": "Looked at again", "resolved": "Incident resolved"}


def summary(material: Material) -> Section:
    """The rest of the explanation, and the facts as a table."""
    incident = material.incident
    rest = words.opening(incident.explanation).rest
    blocks: list[Block] = [Paragraph(rest)] if rest else []
    blocks.append(Table(("", ""), list(_facts(incident))))
    if material.address:
        blocks.append(Reference("This incident, live", f"{material.address}{incident.links.page}"))
    return Section("Summary", blocks)


def _facts(incident: Incident) -> Iterator[tuple[str, str]]:
    victim = incident.victim
    accused = [words.suspect_name(suspect) for suspect in incident.suspects if suspect.accused]
    yield "Verdict", f"{VERDICTS[incident.verdict]}, probability {words.percent(incident.confidence)}"
    yield "Culprit", ", ".join(accused) or "nobody is accused"
    yield "Victim", ", ".join(part for part in (f"{victim.namespace}/{victim.pod}", victim.model_name) if part)
    yield "Node", victim.node or words.UNKNOWN
    if incident.volume is not None:
        bound = f", ran out of {words.named(incident.volume.bound)}" if incident.volume.bound else ""
        yield "Volume", f"{incident.volume.name} ({incident.volume.kind}{bound})"
    if incident.cluster:
        yield "Cluster", incident.cluster
    yield "State", _state(incident)
    yield "Duration", _lasted(incident)


def _state(incident: Incident) -> str:
    reason = f": {words.named(incident.end_reason.value)}" if incident.end_reason else ""
    return f"{incident.state.value}{reason}"


def _lasted(incident: Incident) -> str:
    if incident.ended_at is None:
        so_far = (incident.updated_at - incident.started_at).total_seconds()
        return f"{words.span(so_far)} when it was last judged, and going on"
    return words.span((incident.ended_at - incident.started_at).total_seconds())


def timeline(material: Material) -> Section:
    """What happened when; many looks in a row are one line."""
    incident = material.incident
    said = [(incident.started_at, "Onset: what is watched began to get worse"), *_rises(incident)]
    said += [(incident.detected_at, "Detected")] if not material.moments else []
    said += _looks(material.moments)
    if incident.ended_at is not None:
        reason = words.named(incident.end_reason.value) if incident.end_reason else "over"
        said.append((incident.ended_at, f"Ended: {reason}"))
    rows = [(_instant(at), what) for at, what in sorted(said, key=lambda one: one[0])]
    return Section("Timeline", [Table(("UTC", "What"), rows)])


def _rises(incident: Incident) -> list[tuple[datetime, str]]:
    """When the accused began, where that was seen."""
    return [
        (at, f"I/O of {words.suspect_name(suspect)} began to rise")
        for suspect in incident.suspects
        if suspect.accused and suspect.lag_seconds is not None
        for at in [datetime.fromtimestamp(incident.started_at.timestamp() + suspect.lag_seconds, UTC)]
    ]


def _looks(moments: Sequence[Moment]) -> list[tuple[datetime, str]]:
    """Each change of the incident; looks that follow each other are one line, at the first of them."""
    said = []
    for kind, group in groupby(moments, key=lambda moment: moment.kind):
        alike = list(group)
        times = f", {len(alike)} times until {_instant(alike[-1].at)}" if len(alike) > 1 else ""
        said.append((alike[0].at, f"{_LOOKS.get(kind, kind)}{times}"))
    return said


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def impact(material: Material) -> Section:
    """How many were affected, and how much."""
    incident = material.incident
    other = symptom_words(incident.symptom)
    rows = [(other.title, other.change), ("Affected", other.affected)] if other else list(_first_tokens(incident.ttft))
    return Section("Impact", [Table(("", ""), rows)])


def _first_tokens(ttft: TtftEffect) -> Iterator[tuple[str, str]]:
    yield "Requests affected", words.number(ttft.requests_affected)
    yield f"Time to first token, {ttft.statistic}, usually", words.duration(ttft.baseline_seconds)
    if ttft.stalled:
        yield "During", "no first tokens while requests wait"
        return
    times = f" ({words.number(ttft.ratio)} times)" if words.is_known(ttft.ratio) else ""
    yield "During", f"{words.duration(ttft.observed_seconds)}{times}"
    yield "At worst", words.duration(ttft.peak_seconds)
    excess = ttft.mean_excess_seconds
    for name, value in (
        ("Mean beyond what is usual", excess.total),
        ("… by suspects", excess.suspects),
        ("… by load", excess.load),
        ("… by the victim’s own I/O", excess.own_io),
        ("… by I/O that no pod accounts for", excess.unattributed_io),
        ("… unexplained", excess.unexplained),
    ):
        yield name, words.duration(value)
