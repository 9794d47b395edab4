"""Incidents as annotations in Grafana: its annotations API (Grafana's docs, HTTP API, annotations).

Before anything is written, the annotation of the incident is looked for by its tags. So a repetition, and whatever
happens to the incident later, changes the one that is there, without any memory of ours.
"""

import html
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from correlator.delivery.errors import TransientError
from correlator.delivery.facts import headline
from correlator.delivery.http import Receiver
from correlator.delivery.sink import Parcel, as_told
from correlator.incidents.instants import microseconds
from correlator.incidents.lifecycle import Event
from correlator.model.incident import Incident

PATH: Final = "/api/annotations"
_HEADERS: Final = {"Content-Type": "application/json"}
_LONGEST_TAG = 100
"""Characters that Grafana's database keeps of a tag."""


class GrafanaSink:
    """Tells a Grafana. `dashboard`: the uid of the one that shows them; "": every dashboard may, by their tags.

    `page`: the address of our own page, for a link; "": none.
    """

    name = "grafana"
    patience = timedelta(hours=24)

    def __init__(self, receiver: Receiver, tags: Sequence[str], dashboard: str, page: str) -> None:
        self._receiver = receiver
        self._tags = tuple(tags)
        self._dashboard = dashboard
        self._page = page

    def prepare(self, event: Event) -> Sequence[Parcel]:
        """From the onset to the end, or to the newest look while there is none."""
        incident = as_told(event)
        note = {
            "time": _milliseconds(incident.started_at),
            "timeEnd": _milliseconds(incident.ended_at or max(event.at, incident.started_at)),
            "tags": self._tags_of(incident),
            "text": self._text(incident),
        }
        return [Parcel(incident.id, orjson.dumps(note))]

    def send(self, body: bytes) -> None:
        """Change the annotation of the incident, or make it where there is none."""
        note = orjson.loads(body)
        known = self._find(note["tags"])
        if known is not None:
            self._receiver.ask("PATCH", f"{PATH}/{known}", body=body, headers=_HEADERS)
            return
        made = {**note, **({"dashboardUID": self._dashboard} if self._dashboard else {})}
        _, answer = self._receiver.ask("POST", PATH, body=orjson.dumps(made), headers=_HEADERS)
        if not isinstance(_json(answer), dict) or not isinstance(_json(answer).get("id"), int):
            raise TransientError(f"{PATH}: the answer is not Grafana's")

    def close(self) -> None:
        """Give connections back."""
        self._receiver.close()

    def _find(self, tags: list[str]) -> int | None:
        """The id of the annotation that has the tags that never change."""
        own = tags[:2]
        parameters: dict[str, str | list[str]] = {"tags": own, "type": "annotation", "limit": "10"}
        _, answer = self._receiver.ask("GET", PATH, parameters=parameters)
        found = _json(answer)
        if not isinstance(found, list):
            raise TransientError(f"{PATH}: the answer is not Grafana's")
        ids = [
            each["id"]
            for each in found
            if isinstance(each, dict) and isinstance(each.get("id"), int) and set(own) <= set(each.get("tags") or ())
        ]
        return min(ids, default=None)

    def _tags_of(self, incident: Incident) -> list[str]:
        """The first two say whose it is; the others are to choose by."""
        told = {
            "verdict": incident.verdict.value,
            "namespace": incident.victim.namespace,
            "cluster": incident.cluster,
        }
        chosen = [f"{key}:{value}"[:_LONGEST_TAG] for key, value in told.items() if value]
        return ["correlator", f"incident:{incident.id}", *chosen, *self._tags]

    def _text(self, incident: Incident) -> str:
        """Grafana shows HTML: names are escaped."""
        text = html.escape(headline(incident))
        if self._page:
            text += f'<br><a href="{html.escape(self._page + incident.links.page)}" target="_blank">incident</a>'
        return text


def _milliseconds(at: datetime) -> int:
    return microseconds(at) // 1000


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
