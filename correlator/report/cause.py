"""Why it happened: the chain of evidence, who is suspected, who is not, what else was ruled out."""

from collections.abc import Callable, Iterator

from correlator.model.finding import Change, Recurrence, Suspect, UseChange
from correlator.model.incident import Incident
from correlator.model.symptom import TTFT
from correlator.picture.labels import VERDICTS
from correlator.report.document import Block, Items, Paragraph, Section, Table
from correlator.report.material import Material
from correlator.wording import words
from correlator.wording.blind_spots import plain_words

_CAUSES = {"own_io": "the victim’s own I/O", "degraded_device": "a degraded device"}


def cause(material: Material) -> Section:
    """The verdict with its probability, and each link of the chain with its numbers."""
    incident = material.incident
    blocks: list[Block] = [
        Paragraph(f"{VERDICTS[incident.verdict]}, with a probability of {words.percent(incident.confidence)}.")
    ]
    chain = list(_chain(material))
    if chain:
        blocks.append(Items(chain, ordered=True))
    if incident.reasons:
        blocks.append(Paragraph(f"Reasons: {', '.join(words.named(reason) for reason in incident.reasons)}."))
    return Section("Cause", blocks)


def _chain(material: Material) -> Iterator[str]:
    incident, evidence = material.incident, material.evidence
    if incident.use is not None:
        yield from _volume(incident, incident.use)
        stalled = incident.use.victim_io_stalled_ratio
        yield f"The victim waits for storage: {_from_to(words.percent, stalled)} of the time."
    if evidence.limit is not None:
        yield f"What the volume ran out of: {evidence.limit.sentence}"
    load, total = incident.ttft.mean_excess_seconds.load, incident.ttft.mean_excess_seconds.total
    if words.is_known(load) and words.is_known(total):
        yield f"Load explains {words.duration(load)} of the {words.duration(total)} by which the mean rose."
    yield from (_accusation(suspect) for suspect in incident.suspects if suspect.accused)
    mean = evidence.mean_ttft
    is_ttft = incident.victim.symptom == TTFT.name
    if is_ttft and mean is not None and words.is_known(mean.without_suspects_seconds):
        yield (
            f"Mean TTFT was {words.duration(mean.observed_seconds)}; without that I/O it would have been about "
            f"{words.duration(mean.without_suspects_seconds)}."
        )


def _volume(incident: Incident, use: UseChange) -> Iterator[str]:
    name = incident.volume.name if incident.volume else "The volume"
    yield (
        f"{name} before → during: utilization {_from_to(words.percent, use.utilization_ratio)}, queue "
        f"{_from_to(words.number, use.queue_depth)}, reads take {_from_to(words.duration, use.read_latency_seconds)}, "
        f"writes {_from_to(words.duration, use.write_latency_seconds)}."
    )
    if use.errors:
        yield f"{name} shows errors: {', '.join(words.named(error) for error in use.errors)}."


def _accusation(suspect: Suspect) -> str:
    said = [
        f"{words.suspect_name(suspect)} took {words.percent(suspect.share_ratio)} of the added device time",
        f"its I/O rose {words.lag(suspect.lag_seconds)}" if words.is_known(suspect.lag_seconds) else "",
        f"reads {_from_to(words.byte_rate, suspect.read_bytes_per_second)}",
        f"writes {_from_to(words.byte_rate, suspect.write_bytes_per_second)}",
        _habit(suspect.recurrence) if suspect.recurrence else "",
    ]
    return f"{'; '.join(part for part in said if part)}."


def _habit(seen: Recurrence) -> str:
    return (
        f"in {words.span(seen.seconds)} of its past it was as busy without harm {_times(seen.rises)}, and in "
        f"{seen.regressions_with} of {seen.regressions} regressions"
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def suspects(material: Material) -> Section:
    """All suspects, the likeliest first."""
    rows = [
        (
            words.suspect_name(each),
            each.workload or words.UNKNOWN,
            "yes" if each.accused else "no",
            words.percent(each.confidence),
            words.percent(each.share_ratio),
            words.duration(each.mean_excess_seconds),
            _from_to(words.byte_rate, each.read_bytes_per_second),
            _from_to(words.byte_rate, each.write_bytes_per_second),
        )
        for each in material.incident.suspects
    ]
    head = ("Suspect", "Workload", "Accused", "Probability", "Share", "Cost in mean TTFT", "Reads", "Writes")
    return Section("Suspects", [Table(head, rows, frozenset(range(3, 8)))] if rows else ())


def others(material: Material) -> Section:
    """Why not the others."""
    evidence = material.evidence
    rows = [
        (words.considered_name(each), each.sentence, words.percent(each.share_ratio), words.lag(each.lag_seconds))
        for each in evidence.considered
    ]
    blocks: list[Block] = [Table(("Pod", "Why not", "Share", "Rose"), rows, frozenset({2, 3}))] if rows else []
    if evidence.considered_rest:
        blocks.append(Paragraph(f"{evidence.considered_rest} smaller ones are not listed."))
    return Section("Why not the others", blocks)


def ruled_out(material: Material) -> Section:
    """Other causes, and the number that speaks against each."""
    said = [
        f"Not {_CAUSES.get(each.cause, words.named(each.cause))}: {each.sentence}"
        for each in material.evidence.ruled_out
    ]
    return Section("What was ruled out", [Items(said)] if said else ())


def blind_spots(material: Material) -> Section:
    """What could not be seen, and what that costs, for someone who does not know our signals."""
    said = []
    for spot in material.incident.blind_spots:
        plain = plain_words(spot.signal)
        said.append(f"{plain.unseen}: not seen. {plain.so} ({spot.signal}: {spot.reason})")
    return Section("What could not be seen", [Items(said)] if said else [Paragraph("Nothing that matters here.")])


def _from_to(write: Callable[[float | None], str], change: Change) -> str:
    return f"{write(change.baseline)} → {write(change.observed)}"
