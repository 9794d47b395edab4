"""Links that open one path without a token until they end: for pictures in chats."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote, urlencode

from itsdangerous import Signer

SignPath = Callable[[str, datetime], str]
"""A path as links have it, and until when it is to open; gives the path to send."""

LIFETIME = timedelta(days=30)
EXPIRES, SIGNATURE = "expires", "signature"


def _now() -> datetime:
    return datetime.now(UTC)


class Links:
    """Signs paths and tells whether a signed one still opens."""

    def __init__(self, key: bytes, lifetime: timedelta = LIFETIME, clock: Callable[[], datetime] = _now) -> None:
        """`lifetime` is that of links which nobody wants to end at another time."""
        self._lifetime = lifetime
        self._clock = clock
        self._signer = Signer(key, salt=b"link", key_derivation="hmac", digest_method=hashlib.sha256)

    def signed(self, path: str, until: datetime) -> str:
        """The path with its end and a signature over both; the same for the same moment, in whole seconds.

        Raises ValueError for a path with a query, or one that is no path of ours: what is signed is one picture.
        """
        if not path.startswith("/") or "?" in path or "#" in path:
            raise ValueError(f"expected a path without a query to sign, not {path!r}")
        expires = str(int(until.timestamp()))
        signature = self._signer.get_signature(_signed_text(unquote(path), expires)).decode()
        return f"{quote(unquote(path))}?{urlencode({EXPIRES: expires, SIGNATURE: signature})}"

    def shared(self, path: str) -> str:
        """The same from now on for as long as links usually open."""
        return self.signed(path, self._clock() + self._lifetime)

    def opens(self, path: str, expires: str, signature: str) -> bool:
        """Whether that signature is ours for this path (without escapes), and its end has not come."""
        if not (expires.isascii() and expires.isdecimal() and signature.isascii()):
            return False
        is_ours = self._signer.verify_signature(_signed_text(path, expires), signature)
        return is_ours and self._clock().timestamp() < int(expires)


def unsigned(path: str, _until: datetime) -> str:
    """What becomes of a path where no token is asked for: nothing."""
    return path


def _signed_text(path: str, expires: str) -> bytes:
    return f"{expires} {path}".encode()
