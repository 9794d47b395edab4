"""HTTP to a receiver: every request bounded in time and size, every failure a DeliveryError in our words."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util.retry import Retry

import correlator
from correlator.delivery.errors import DeliveryError, RefusedError, TransientError
from correlator.model.source import SourceError
from correlator.sources.session import Access, authorization, read_secret

LARGEST_ANSWER = 256 * 1024
_PIECE_BYTES = 16_384
_SAID_CHARACTERS = 200
_OURS = {401, 403, 407}  # about who we are, not about what we bring
_LATER = {408, 421, 425, 429}


class Receiver:
    """One receiver; for one thread at a time. An `url` that is a secret stands in a file, and is never said.

    `access.read_timeout_seconds` bounds the silence before an answer, and the whole of its body. Redirects are not
    followed: what is told, and the token, go to the address that was set and to no other.
    """

    def __init__(self, url: str | Path, access: Access, headers: Mapping[str, str]) -> None:
        self._url = url
        self._access = access
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(
            {
                "User-Agent": f"io-contention-correlator/{correlator.__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                **headers,
            }
        )
        if access.ca_file:
            self._session.verify = str(access.ca_file)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str | list[str]] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of a success (2xx). Raises TransientError and RefusedError."""
        told = f"{self._url}{path}"
        timeout = (self._access.connect_timeout_seconds, self._access.read_timeout_seconds)
        try:
            url = f"{read_secret(self._url)}{path}" if isinstance(self._url, Path) else told
            self._session.auth = authorization(self._access, None)
            with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                params=parameters,
                timeout=timeout,
                stream=True,
                allow_redirects=False,
            ) as response:
                said = self._read(response, told)
                if not 200 <= response.status_code < 300:  # noqa: PLR2004 - what HTTP calls a success
                    raise failure(told, response.status_code, response.headers, said)
                return response.status_code, said
        except SourceError as error:  # a secret that cannot be read
            raise TransientError(str(error)) from error
        except requests.Timeout as error:
            raise TransientError(f"{told}: no answer within {timeout[1]:g} s") from error
        except ValueError as error:  # what the file holds is no address
            raise TransientError(f"{told}: no address ({type(error).__name__})") from error
        except (OSError, HTTPError) as error:  # requests' own errors are OSErrors
            raise TransientError(f"{told}: no answer ({type(error).__name__})") from error

    def _read(self, response: requests.Response, told: str) -> bytes:
        """The body, as far as it is wanted; a trickle is noticed when the time is up."""
        by = time.monotonic() + self._access.read_timeout_seconds
        body = bytearray()
        while len(body) <= LARGEST_ANSWER and (piece := response.raw.read1(_PIECE_BYTES, decode_content=False)):
            body += piece
            if time.monotonic() > by:
                raise TransientError(f"{told}: no whole answer in time")
        return bytes(body[:LARGEST_ANSWER])


def failure(url: str, status: int, headers: Mapping[str, str], said: bytes) -> DeliveryError:
    """What an answer that is no success means."""
    text = " ".join(said.decode("utf-8", "replace").split())[:_SAID_CHARACTERS]
    message = f"{url} answered {status}{f': {text}' if text else ''}"
    if status >= 500 or status in _LATER | _OURS:  # noqa: PLR2004 - the receiver's own fault
        return TransientError(message, retry_after_seconds=_retry_after(headers))
    return RefusedError(message)


def _retry_after(headers: Mapping[str, str]) -> float:
    """What Retry-After asks for, in seconds or as a date; 0 where it asks for nothing that can be read."""
    with suppress(InvalidHeader, ValueError, OverflowError):
        return max(0.0, Retry().parse_retry_after(headers.get("Retry-After") or "0"))
    return 0.0
