"""The post-mortem of an incident: which sections it has, and in which order."""

from correlator.model.incident import Incident
from correlator.picture.labels import VERDICTS
from correlator.report.aftermath import advice, feedback, logs, other_victims, provenance
from correlator.report.cause import blind_spots, cause, others, ruled_out, suspects
from correlator.report.document import Document, Picture, Section
from correlator.report.material import Material
from correlator.report.story import impact, summary, timeline
from correlator.wording import words
from correlator.wording.curves import panels_of

DEMO = "DEMO: a recording was played as if it were then. Nothing of this happened to anybody."


def postmortem(material: Material) -> Document:
    """The whole report; a section without contents is left out."""
    sections = (
        summary(material),
        timeline(material),
        impact(material),
        _seen(material),
        cause(material),
        suspects(material),
        others(material),
        ruled_out(material),
        advice(material),
        logs(material),
        other_victims(material),
        blind_spots(material),
        feedback(material),
        provenance(material),
    )
    told = words.opening(material.incident.explanation)
    return Document(
        title=title_of(material.incident),
        lead=told.first,
        warning=DEMO if material.demo else "",
        sections=[section for section in sections if section.blocks],
    )


def title_of(incident: Incident) -> str:
    """The verdict, where and when: what a post-mortem is called."""
    volume = f" on {incident.volume.name}" if incident.volume else ""
    return f"{VERDICTS[incident.verdict]}{volume}, {incident.started_at:%Y-%m-%d %H:%M} UTC"


def _seen(material: Material) -> Section:
    if not material.picture:
        return Section("What was seen", ())
    panels = panels_of(material.evidence, material.incident.symptom)
    said = " ".join(panel.sentence for panel in panels) or "No series were kept for this incident."
    return Section("What was seen", [Picture(material.picture, said)])
