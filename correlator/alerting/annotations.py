"""The annotations that tell an alert's cause: few, short, and the same for the same incidents."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

from correlator.model.finding import Suspect, Verdict
from correlator.model.incident import Incident
from correlator.wording.words import percent, printable, suspect_name

SharePath = Callable[[str, datetime], str]
"""A path of ours, and since when it matters; gives the path to send."""

AMBIGUOUS: Final = "ambiguous"
NONE_ACCUSED: Final = "none accused"
BY_NAMESPACE: Final = "The alert names no more than a namespace. "
LONGEST_EXPLANATION: Final = 1_000
LONGEST_ONE: Final = 900
"""Of one incident: what is said of the others must not be what is cut off."""
LONGEST_NAME: Final = 320
"""A namespace of 63 characters, a pod of 253, and what stands between."""
MOST_SUSPECTS: Final = 5
MOST_CAUSES: Final = 5
_UNSETTLED: Final = frozenset({Verdict.UNDETERMINED, Verdict.OTHER})


def as_it_is(path: str, _since: datetime) -> str:
    """How a picture's path is shared where everybody may see it."""
    return path


def annotations_of(
    belonging: Sequence[Incident], external_url: str, *, is_vague: bool = False, share: SharePath = as_it_is
) -> dict[str, str]:
    """What is told of an alert that these incidents belong to, the most believable first; nothing without any.

    Where they name different causes nobody is accused: the explanation lists them. Links need an `external_url`.
    `is_vague`: the alert names no more than a namespace, and the explanation says so. `share` makes the picture's path
    one that chats may load: the same for the same incident.
    """
    if not belonging:
        return {}
    causes = distinct_causes(belonging)
    told = _of_one(belonging) if len(causes) <= 1 else _of_several(causes, belonging)
    told["correlator_explanation"] = _cut(
        f"{BY_NAMESPACE if is_vague else ''}{told['correlator_explanation']}", LONGEST_EXPLANATION
    )
    return told | _links(belonging[0], external_url, share)


def distinct_causes(belonging: Sequence[Incident]) -> Sequence[Incident]:
    """One incident for each cause that is known, the most believable of those that share it."""
    causes: list[Incident] = []
    for incident in belonging:
        if incident.verdict not in _UNSETTLED and not any(_share_a_cause(incident, each) for each in causes):
            causes.append(incident)
    return causes


def _share_a_cause(one: Incident, other: Incident) -> bool:
    if one.episode_id and one.episode_id == other.episode_id:
        return True
    accused, others = _accused(one), _accused(other)
    return one.verdict is other.verdict and (
        bool(accused & others) if accused or others else _place(one) == _place(other)
    )


def _accused(incident: Incident) -> frozenset[str]:
    return frozenset(each.name for each in incident.suspects if each.accused)


def _place(incident: Incident) -> str:
    return incident.volume.id if incident.volume else ""


def _of_one(belonging: Sequence[Incident]) -> dict[str, str]:
    best = belonging[0]
    rest = len(belonging) - 1
    more = f" ({rest} more incident{'s fit' if rest > 1 else ' fits'} this alert.)" if rest else ""
    return {
        "correlator_verdict": best.verdict.value,
        "correlator_suspects": suspects_told(best),
        "correlator_confidence": f"{best.confidence:.2f}",
        "correlator_explanation": _cut(printable(best.explanation), LONGEST_ONE) + more,
    }


def suspects_told(incident: Incident) -> str:
    """Who is accused, each with its confidence."""
    accused = [each for each in incident.suspects if each.accused]
    if not accused:
        return NONE_ACCUSED
    more = len(accused) - MOST_SUSPECTS
    return ", ".join(_suspect(each) for each in accused[:MOST_SUSPECTS]) + (f" and {more} more" if more > 0 else "")


def _suspect(suspect: Suspect) -> str:
    return f"{_cut(printable(suspect_name(suspect)), LONGEST_NAME)} ({percent(suspect.confidence)})"


def _of_several(causes: Sequence[Incident], belonging: Sequence[Incident]) -> dict[str, str]:
    listed = "; ".join(_cause(each) for each in causes[:MOST_CAUSES])
    more = len(causes) - MOST_CAUSES
    text = (
        f"{len(belonging)} incidents fit this alert and name {len(causes)} different causes, so nobody is accused: "
        f"{listed}{f'; and {more} more' if more > 0 else ''}."
    )
    return {
        "correlator_verdict": AMBIGUOUS,
        "correlator_suspects": NONE_ACCUSED,
        "correlator_explanation": text,
    }


def _cause(incident: Incident) -> str:
    return printable(" ".join(_parts(incident)))


def _parts(incident: Incident) -> Iterator[str]:
    victim = incident.victim
    yield f"{incident.verdict.value.replace('_', ' ')} at {_cut(f'{victim.namespace}/{victim.pod}', LONGEST_NAME)}"
    if incident.volume is not None:
        yield f"on {_cut(incident.volume.name, LONGEST_NAME)}"


def _links(incident: Incident, external_url: str, share: SharePath) -> dict[str, str]:
    if not external_url:
        return {}
    root, name = external_url.rstrip("/"), quote(incident.id, safe="")
    return {
        "correlator_link": f"{root}/incidents/{name}",
        "correlator_plot": f"{root}{share(f'/api/v1/incidents/{name}/plot.png', incident.detected_at)}",
    }


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
