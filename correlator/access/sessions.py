"""What a browser keeps in place of a token."""

import hashlib
from datetime import timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from correlator.access.tokens import Token, Tokens


class Sessions:
    """Makes and reads the cookie: signed, good for `lifetime`, and only as long as its token is known."""

    def __init__(self, key: bytes, lifetime: timedelta) -> None:
        self._serializer = URLSafeTimedSerializer(
            key, salt=b"session", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )
        self.lifetime = lifetime

    def begin(self, token: Token) -> str:
        """The cookie of somebody who has shown this token; the token cannot be read from it."""
        return str(self._serializer.dumps(token.fingerprint))

    def token_of(self, cookie: str, tokens: Tokens) -> Token | None:
        """The token by which a session began, with the scopes that it has now; None where it has ended."""
        try:
            fingerprint = self._serializer.loads(cookie, max_age=int(self.lifetime.total_seconds()))
        except BadData:
            return None
        return tokens.of_fingerprint(fingerprint) if isinstance(fingerprint, str) else None
