"""The payload as Alertmanager posts it to a webhook, with our annotations: any receiver of it may stand behind us."""

from datetime import timedelta
from typing import Final

import orjson

from correlator.delivery.http import Receiver
from correlator.delivery.notice import Notice

JSON: Final = "application/json"
KEY_HEADER: Final = "Idempotency-Key"
REVISION_HEADER: Final = "Correlator-Revision"


def headers_of(notice: Notice, content_type: str = JSON) -> dict[str, str]:
    """The key, so that a double can be told; which look it is."""
    return {"Content-Type": content_type, KEY_HEADER: notice.key, REVISION_HEADER: str(notice.revision)}


class WebhookReceiver:
    """Source: Alertmanager's docs/configuration.md, `<webhook_config>`."""

    def __init__(self, name: str, receiver: Receiver, patience: timedelta) -> None:
        self.name = name
        self.patience = patience
        self._receiver = receiver

    def send(self, body: bytes) -> None:
        """Post it."""
        notice = Notice.unpacked(body)
        self._receiver.ask("POST", "", body=orjson.dumps(notice.payload), headers=headers_of(notice))

    def close(self) -> None:
        """Give connections back."""
        self._receiver.close()
