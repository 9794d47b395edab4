"""What a chat shows of a link to an incident: Open Graph's title, description and picture."""

from dataclasses import dataclass

from fastapi import Request

from correlator.model.finding import Suspect
from correlator.model.incident import Incident
from correlator.picture.labels import VERDICTS
from correlator.wording import words

LONGEST_DESCRIPTION = 300


@dataclass(frozen=True, slots=True)
class Card:
    """The preview of a link; `url` and `image` are absolute, as Open Graph wants them."""

    title: str
    description: str
    url: str
    image: str


def card_of(request: Request, incident: Incident) -> Card:
    """The preview of one incident, with the address by which it was asked for."""
    base = str(request.base_url).rstrip("/")
    return Card(
        title=_title(incident),
        description=_cut(incident.explanation),
        url=f"{base}{incident.links.page}",
        image=f"{base}{incident.links.self}/plot.png",
    )


def _title(incident: Incident) -> str:
    volume = f" on {incident.volume.name}" if incident.volume else ""
    accused: list[Suspect] = [suspect for suspect in incident.suspects if suspect.accused]
    culprit = f": {', '.join(words.suspect_name(suspect) for suspect in accused)}" if accused else ""
    return f"{VERDICTS[incident.verdict]}{volume}{culprit} – {incident.victim.namespace}/{incident.victim.pod}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1].rstrip()}…"
