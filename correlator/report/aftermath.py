"""What follows: advice, logs, who else was hurt, what people said, and how to see it again."""

import shlex
from collections.abc import Iterator

from correlator.model.incident import Incident
from correlator.picture.labels import VERDICTS
from correlator.report.document import Block, Code, Items, Paragraph, Reference, Section, Table
from correlator.report.material import Material
from correlator.wording import words


def advice(material: Material) -> Section:
    """What to do, with the commands."""
    blocks: list[Block] = []
    for each in material.incident.advice:
        why = f": {each.why.rstrip('.')}" if each.why else ""
        blocks.append(Paragraph(f"{each.action[:1].upper()}{each.action[1:]}{why}."))
        if each.command:
            blocks.append(Code(each.command, "sh"))
    return Section("What to do", blocks)


def logs(material: Material) -> Section:
    """What pods wrote around the onset, quoted."""
    seen = material.logs
    if seen is None:
        return Section("Logs", ())
    rows = [
        (f"{pod.namespace}/{pod.pod}", words.number(pod.errors_before), words.number(pod.errors_after), pod.sentence)
        for pod in seen.pods
    ]
    blocks: list[Block] = [Paragraph(f"{seen.sentence} No probability rests on logs.".strip())]
    if rows:
        blocks.append(Table(("Pod", "Errors before", "After", "In words"), rows, frozenset({1, 2})))
    for pod in seen.pods:
        if pod.lines:
            quoted = "\n".join(f"{words.moment(line.at)}  {line.text}" for line in pod.lines)
            blocks += [Paragraph(f"{pod.namespace}/{pod.pod} wrote:"), Code(quoted)]
    if seen.blind_spots:
        blocks.append(Items([f"{words.named(spot.signal)}: {spot.reason}" for spot in seen.blind_spots]))
    return Section("Logs", blocks)


def other_victims(material: Material) -> Section:
    """The other incidents that the same cause explains."""
    rows = [
        (
            f"{each.victim.namespace}/{each.victim.pod}",
            VERDICTS[each.verdict],
            words.moment(each.started_at),
            words.number(each.ttft.requests_affected),
            each.id,
        )
        for each in material.others
    ]
    blocks: list[Block] = []
    if rows:
        head = ("Victim", "Verdict", "Began", "Requests affected", "Incident")
        blocks.append(Table(head, rows, frozenset({3})))
        if material.others_rest:
            blocks.append(Paragraph(f"{material.others_rest} more are not listed."))
        if material.address:
            blocks.append(Reference("All of them in one view", f"{material.address}{_episode(material.incident)}"))
    return Section("Other victims of the same cause", blocks)


def _episode(incident: Incident) -> str:
    return f"/episodes/{incident.episode_id}"


def feedback(material: Material) -> Section:
    """What a person said of the verdict."""
    said = material.incident.feedback
    if said is None:
        return Section("Feedback", [Paragraph("Nobody has said yet whether this is right.")])
    when = f" on {words.moment(said.given_at)}" if said.given_at else ""
    blocks: list[Block] = [Paragraph(f"Called {'right' if said.verdict_right else 'wrong'}{when}.")]
    if said.culprits:
        blocks.append(Paragraph(f"Culprits as they were given: {', '.join(said.culprits)}."))
    if said.note:
        blocks.append(Paragraph(said.note))
    return Section("Feedback", blocks)


def provenance(material: Material) -> Section:
    """Who says so, from what, and how to ask again."""
    fresh = [name for name, is_fresh in material.signals if is_fresh]
    rows = list(_origin(material))
    if fresh:
        rows.append(("Signals with data", ", ".join(fresh)))
    return Section(
        "Where this comes from",
        [
            Table(("", ""), rows),
            Paragraph("To have it judged anew from the source, while that keeps its samples:"),
            Code(reproduction(material.incident), "sh"),
        ],
    )


def _origin(material: Material) -> Iterator[tuple[str, str]]:
    incident = material.incident
    yield "Incident", incident.id
    yield "As judged", words.moment(incident.updated_at)
    if material.version:
        yield "By", f"correlator {material.version}"
    if material.source:
        yield "From", material.source


def reproduction(incident: Incident) -> str:
    """The command that judges the incident's last look anew."""
    victim = f"{incident.victim.namespace}/{incident.victim.pod}"
    return f"correlator explain --victim {shlex.quote(victim)} --at {words.machine_moment(incident.updated_at)}"
