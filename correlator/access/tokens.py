"""Bearer tokens: who may read, who may write. A file has their digests alone, so that reading it lets nobody in.

A line is `NAME SCOPES SHA256`: a name for the log, `read`, `write` or both with a comma, and the SHA-256 of the token
in hexadecimal. Tokens are long and random, so a plain digest cannot be turned back; words that people think of can.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from correlator.access.errors import AccessError

RANDOM_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FORM = "expected NAME SCOPES SHA256, such as `grafana read 9f86d081…`"
_FIELDS = 3


class Scope(StrEnum):
    """What a token is for. Neither includes the other: who sends alerts need not see anything."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Token:
    """One bearer token, known by the SHA-256 of its characters."""

    name: str
    scopes: frozenset[Scope]
    digest: str

    @property
    def line(self) -> str:
        """How a file of tokens has it."""
        return f"{self.name} {','.join(sorted(self.scopes))} {self.digest}"

    @property
    def fingerprint(self) -> str:
        """What tells it from others and does not let anybody in."""
        return hashlib.sha256(self.digest.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Tokens:
    """All tokens that are known. Several may have one name, while one replaces the other."""

    all: tuple[Token, ...]

    def of_secret(self, secret: str) -> Token | None:
        """The token with these characters. How long it takes tells nothing of any token."""
        return self._matching(((token, token.digest) for token in self.all), digest_of(secret))

    def of_fingerprint(self, fingerprint: str) -> Token | None:
        """The token of a session, as long as the file has it."""
        return self._matching(((token, token.fingerprint) for token in self.all), fingerprint)

    @staticmethod
    def _matching(candidates: Iterable[tuple[Token, str]], wanted: str) -> Token | None:
        found = None
        for token, known in candidates:  # all of them, also after one has matched
            if hmac.compare_digest(known.encode(), wanted.encode()):
                found = token
        return found


def digest_of(secret: str) -> str:
    """The SHA-256 of a token in hexadecimal, as `sha256sum` writes it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_token(name: str, scopes: Iterable[Scope]) -> tuple[str, Token]:
    """A secret that nobody can guess, and its token. Raises AccessError for what cannot be a name."""
    if not _NAME.fullmatch(name):
        raise AccessError(f"expected a name of letters, digits, dots, - and _, not {name!r}")
    secret = secrets.token_urlsafe(RANDOM_BYTES)
    return secret, Token(name, frozenset(scopes), digest_of(secret))


def read_tokens(path: Path) -> Tokens:
    """The tokens of a file. Raises AccessError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise AccessError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AccessError(f"{path}: {_FORM} in UTF-8") from error
    return parse_tokens(text, str(path))


def parse_tokens(text: str, origin: str) -> Tokens:
    """The tokens of a text; empty lines and those that begin with # are skipped. Raises AccessError with the line."""
    tokens = tuple(
        _token(line.split(), f"{origin}, line {number}")
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    )
    if not tokens:
        raise AccessError(f"{origin}: no token in it: `correlator token NAME --tokens-file FILE` makes one")
    return Tokens(tokens)


def _token(fields: list[str], where: str) -> Token:
    """The line is not repeated: it may be a secret that was put at the wrong place."""
    if len(fields) != _FIELDS:
        raise AccessError(f"{where}: {_FORM}")
    name, scopes, digest = fields
    if not _NAME.fullmatch(name):
        raise AccessError(f"{where}: expected a name of letters, digits, dots, - and _ first")
    if not _DIGEST.fullmatch(digest):
        raise AccessError(f"{where}: expected the SHA-256 of the token last, 64 digits of lower-case hexadecimal")
    try:
        return Token(name, frozenset(Scope(each) for each in scopes.split(",")), digest)
    except ValueError as error:
        raise AccessError(f"{where}: expected the scopes read, write or read,write for {name}") from error
