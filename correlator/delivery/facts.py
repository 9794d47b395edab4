"""An incident's main facts, named and nested as in the published incident, and bounded in size."""

from collections.abc import Mapping
from typing import Any

from correlator.delivery.sink import as_told
from correlator.incidents.codec import to_document
from correlator.incidents.lifecycle import Event
from correlator.model.incident import Incident
from correlator.model.symptom import TTFT

_TOLD = (
    "id", "episode_id", "cluster", "state", "verdict", "confidence", "reasons", "started_at", "detected_at",
    "updated_at", "ended_at", "end_reason", "victim", "ttft", "symptom", "volume", "suspects", "explanation", "links",
)  # fmt: skip
_TOLD_OF_A_SUSPECT = (
    "kind", "namespace", "pod", "workload", "node", "tier", "confidence", "accused", "direction", "share_ratio",
    "mean_excess_seconds",
)  # fmt: skip
MOST_SUSPECTS = 5
MOST_OF_A_LIST = 10
LONGEST_TEXT = 500
LONGEST_EXPLANATION = 4_000


def facts_of(event: Event) -> Mapping[str, Any]:
    """JSON values: `event` and `sequence` say which change it was, the rest is the incident's."""
    incident = as_told(event)
    document = to_document(incident)
    told = {key: document[key] for key in _TOLD if key in document}
    told["explanation"] = cut(incident.explanation, LONGEST_EXPLANATION)
    told["suspects"] = [
        {key: suspect[key] for key in _TOLD_OF_A_SUSPECT} for suspect in document["suspects"][:MOST_SUSPECTS]
    ]
    if incident.victim.symptom == TTFT.name:
        told.pop("symptom", None)
    bounded = {key: value if key == "explanation" else _bounded(value) for key, value in told.items()}
    return {"event": event.kind.value, "sequence": event.sequence, **bounded}


def headline(incident: Incident) -> str:
    """One sentence: who is hurt, how much, on which volume, by whom."""
    victim = f"{incident.victim.namespace}/{incident.victim.pod}"
    parts = [f"{incident.verdict.value.replace('_', ' ')}: {victim}{_effect(incident)}"]
    if incident.volume is not None:
        parts.append(f"on {incident.volume.name}")
    accused = [f"{each.name} ({each.confidence:.0%})" for each in incident.suspects if each.accused]
    if accused:
        more = len(accused) - MOST_SUSPECTS
        named = ", ".join(accused[:MOST_SUSPECTS])
        parts.append(f"accused: {named}{f' and {more} more' if more > 0 else ''}")
    return "; ".join(parts)


def cut(text: str, longest: int) -> str:
    """At most so many characters, with a sign that some are left out."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _effect(incident: Incident) -> str:
    effect = incident.symptom
    if effect is not None and incident.victim.symptom != TTFT.name:
        return f" ({effect.name})"
    ttft = incident.ttft
    if ttft.stalled:
        return ", no first tokens"
    if ttft.observed_seconds is None or ttft.baseline_seconds is None:
        return ""
    observed, baseline = (f"{1000 * each:.0f} ms" for each in (ttft.observed_seconds, ttft.baseline_seconds))
    return f", {ttft.statistic} TTFT {observed} instead of {baseline}"


def _bounded(value: object) -> object:
    match value:
        case str():
            return cut(value, LONGEST_TEXT)
        case list():
            return [_bounded(each) for each in value[:MOST_OF_A_LIST]]
        case dict():
            return {key: _bounded(each) for key, each in value.items()}
    return value
