"""The key that signs sessions and links."""

import hashlib
import secrets
from pathlib import Path

from correlator.access.errors import AccessError

KEY_BYTES = 32
LEAST_CHARACTERS = 32


def signing_key(path: Path | None) -> bytes:
    """The key in a file; without one a new key, with which sessions and links end when the process does.

    Raises AccessError for a file that cannot be read, or whose content can be guessed.
    """
    if path is None:
        return secrets.token_bytes(KEY_BYTES)
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        raise AccessError(f"{path}: {error.strerror}") from error
    if len(content) < LEAST_CHARACTERS:
        raise AccessError(
            f"{path}: expected at least {LEAST_CHARACTERS} random characters, as by `openssl rand -hex 32`"
        )
    return hashlib.sha256(content).digest()
