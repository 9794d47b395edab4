"""Slack: a message of blocks, by an incoming webhook or by `chat.postMessage`.

Source: api.slack.com/reference/block-kit/blocks (longest texts), api.slack.com/messaging/webhooks (errors),
api.slack.com/methods/chat.postMessage. The picture is a link: an image block whose address Slack's servers cannot reach
would have the whole message refused.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import orjson

from correlator.delivery.errors import RefusedError, TransientError
from correlator.delivery.facts import cut
from correlator.delivery.http import Receiver
from correlator.delivery.notice import Notice
from correlator.delivery.receivers.told import (
    EXPLANATION,
    LINK,
    PLOT,
    Cause,
    alerts_of,
    causes_of,
    is_firing,
    summaries_of,
    title_of,
)
from correlator.delivery.receivers.webhook import headers_of

POST_MESSAGE: Final = "https://slack.com/api/chat.postMessage"
LONGEST_HEADER: Final = 150
LONGEST_SECTION: Final = 3_000
LONGEST_TEXT: Final = 1_000
MOST_CAUSES: Final = 3
MOST_ALERTS: Final = 5
_LONGEST_ALERT = 300
_LONGEST_HEADLINE = 500
_LONGEST_EXPLANATION = 1_500
"""All blocks together may not be longer than about 13,000 characters, which no document says."""

_REFUSED: Final = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_arguments"}
)
"""Of what `chat.postMessage` says in an answer with status 200: whatever else it says is about Slack, or about us."""


def message_of(notice: Notice) -> dict[str, Any]:
    """`text` is what a phone shows before the message is opened."""
    causes = causes_of(notice.payload)
    title = f"Update: {title_of(notice.payload)}" if notice.revision else title_of(notice.payload)
    cause = f" — {causes[0].headline}" if causes else ""
    blocks: list[Mapping[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(title, LONGEST_HEADER)}},
        *(_section(_cause(each)) for each in causes[:MOST_CAUSES]),
        _section(_alerts(notice.payload)),
    ]
    links = _links(causes, notice.payload)
    if links:
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": links}]})
    sign = ":red_circle:" if is_firing(notice.payload) else ":large_green_circle:"
    return {"text": _fitted(f"{sign} {title}{cause}", LONGEST_TEXT), "blocks": blocks}


def _section(text: str) -> Mapping[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _cause(cause: Cause) -> str:
    explanation = _fitted(cause.annotations.get(EXPLANATION, ""), _LONGEST_EXPLANATION)
    return f"*{_fitted(cause.headline, _LONGEST_HEADLINE)}*\n{explanation}"


def _alerts(payload: Mapping[str, Any]) -> str:
    told = [f"{'•' if fires else '✓'} {_fitted(said, _LONGEST_ALERT)}" for fires, said in summaries_of(payload)]
    more = len(told) - MOST_ALERTS
    lines = told[:MOST_ALERTS] + ([f"and {more} more"] if more > 0 else [])
    return "\n".join(lines) or "no alerts"


def _links(causes: Sequence[Cause], payload: Mapping[str, Any]) -> str:
    first = causes[0].annotations if causes else {}
    alerts = alerts_of(payload)
    runbook = (alerts[0].get("annotations") or {}).get("runbook_url", "") if alerts else ""
    links = {
        "incident": first.get(LINK, ""),
        "picture": first.get(PLOT, ""),
        "runbook": runbook,
        "Alertmanager": payload.get("externalURL", ""),
    }
    return " · ".join(f"<{url}|{name}>" for name, url in links.items() if _is_link(url))


def _is_link(url: object) -> bool:
    return isinstance(url, str) and url.startswith(("http://", "https://")) and not set(url) & set("<>| ")


def _fitted(text: str, longest: int) -> str:
    """Escaped, and cut before: no half of an escape is left."""
    while len(_escaped(text)) > longest:
        text = cut(text, min(longest, len(text) * 3 // 4))
    return _escaped(text)


def _escaped(text: str) -> str:
    """As Slack asks for it: what alerts say neither mentions anybody nor links anywhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class SlackReceiver:
    """With a `channel`, `chat.postMessage` is called; without, the address is an incoming webhook's."""

    def __init__(self, name: str, receiver: Receiver, channel: str, patience: timedelta) -> None:
        self.name = name
        self.patience = patience
        self._receiver = receiver
        self._channel = channel

    def send(self, body: bytes) -> None:
        """Post the message."""
        notice = Notice.unpacked(body)
        message = {"channel": self._channel, **message_of(notice)} if self._channel else message_of(notice)
        headers = headers_of(notice, "application/json; charset=utf-8")
        _, said = self._receiver.ask("POST", "", body=orjson.dumps(message), headers=headers)
        if self._channel:
            _check(said)

    def close(self) -> None:
        """Give connections back."""
        self._receiver.close()


def _check(said: bytes) -> None:
    """`chat.postMessage` says what went wrong in an answer with status 200."""
    try:
        answer = orjson.loads(said)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict) or "ok" not in answer:
        raise TransientError("chat.postMessage: the answer is not Slack's")
    if answer["ok"] is not True:
        error = str(answer.get("error", "it says no more"))
        raise (RefusedError if error in _REFUSED else TransientError)(f"chat.postMessage: {error}")
