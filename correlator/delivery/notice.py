"""What a receiver of alerts is told: a notification as it was posted, with what is known of its causes."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from correlator.alerting.payload import digest

_LEVEL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`payload` is as in Alertmanager's webhook, version 4.

    `key` is the same however often this is sent, and whichever Alertmanager said it. `revision` is 0 for what was said
    first, and counts what became known of the causes later.
    """

    key: str
    group: str
    revision: int
    payload: Mapping[str, Any]

    def packed(self) -> bytes:
        """For the outbox."""
        told = {"key": self.key, "group": self.group, "revision": self.revision, "payload": self.payload}
        return zlib.compress(orjson.dumps(told), _LEVEL)

    @classmethod
    def unpacked(cls, body: bytes) -> "Notice":
        """The inverse of `packed`."""
        return cls(**orjson.loads(zlib.decompress(body)))


def key_of(group: str, content: str, repeat: int, revision: int) -> str:
    """What tells a delivery from any other: 32 hexadecimal digits."""
    return digest([group, content, repeat, revision])
