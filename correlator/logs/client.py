"""Loki over HTTP: every answer bounded in time and size, every failure a SourceError in our words."""

import time
from collections.abc import Iterator, Mapping

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

import correlator
from correlator.logs.answers import Counts, read_counts, read_labels, read_lines
from correlator.logs.look import BUCKET_SECONDS
from correlator.logs.queries import LabelNames
from correlator.logs.redact import shown
from correlator.model.source import SourceError
from correlator.sources.session import Access, authorization

_PIECE_BYTES = 65_536
_SAID_BYTES = 4_096
_SAID_CHARACTERS = 200
_NANOSECONDS = 10**9
_RETRIABLE_STATUS = {408, 425, 429, 500, 502, 503, 504}


class Loki:
    """Asks one Loki; safe to use from one thread at a time.

    `access.read_timeout_seconds` bounds the silence before an answer and the whole of its body. `longest_bytes` bounds
    the body, which is asked for uncompressed, so that a small answer cannot become a large one.
    """

    def __init__(self, url: str, access: Access, tenant: str = "", longest_bytes: int = 2_000_000) -> None:
        self._url = url
        self._access = access
        self._longest_bytes = longest_bytes
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(
            {
                "User-Agent": f"io-contention-correlator/{correlator.__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                **({"X-Scope-OrgID": tenant} if tenant else {}),
                **access.headers,
            }
        )
        if access.ca_file:
            self._session.verify = str(access.ca_file)

    def labels(self, start: int, end: int) -> frozenset[str]:
        """Names of the labels of streams in a span of epoch seconds. Raises SourceError."""
        return read_labels(self._get("labels", {"start": _ns(start), "end": _ns(end)}))

    def counts(self, query: str, names: LabelNames, first: int, last: int) -> Counts:
        """A metric query at the ends of the buckets from `first` to `last`. Raises SourceError."""
        parameters = {"query": query, "start": _ns(first), "end": _ns(last), "step": str(BUCKET_SECONDS)}
        return read_counts(self._get("query_range", parameters), names, first, last)

    def lines(self, query: str, start: int, end: int, limit: int) -> tuple[tuple[int, str], ...]:
        """The first lines in [start, end), with epoch nanoseconds. Raises SourceError."""
        parameters = {
            "query": query,
            "start": _ns(start),
            "end": _ns(end),
            "limit": str(limit),
            "direction": "forward",
        }
        return read_lines(self._get("query_range", parameters), start, end, limit)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _get(self, path: str, parameters: Mapping[str, str]) -> bytes:
        url = f"{self._url}/loki/api/v1/{path}"
        timeout = (self._access.connect_timeout_seconds, self._access.read_timeout_seconds)
        self._session.auth = authorization(self._access, None)
        try:
            with self._session.get(
                url, params=parameters, timeout=timeout, stream=True, allow_redirects=False
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise _refusal(url, response.status_code, self._read(response, _SAID_BYTES, is_whole=False))
                return self._read(response, self._longest_bytes)
        except (requests.Timeout, ReadTimeoutError) as error:
            raise self._late(url) from error
        except (OSError, HTTPError) as error:  # requests' own errors are OSErrors
            kind = type(error).__name__
            raise SourceError(f"{url}: no answer ({kind})", retriable=True) from error

    def _read(self, response: requests.Response, longest: int, *, is_whole: bool = True) -> bytes:
        """The body, or its first `longest` bytes where the whole of it is not needed."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise SourceError(f"{response.url.partition('?')[0]} compressed its answer unasked", retriable=False)
        body = bytearray()
        for piece in self._pieces(response):
            body += piece
            if len(body) <= longest:
                continue
            if not is_whole:
                break
            raise SourceError(
                f"{response.url.partition('?')[0]} answered more than {longest:,} bytes (loki.max_bytes)",
                retriable=False,
            )
        return bytes(body[:longest])

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        """What has arrived, as it arrives: a trickle is noticed when the time is up, not when a buffer is full."""
        by = time.monotonic() + self._access.read_timeout_seconds
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=False):
            yield piece
            if time.monotonic() > by:
                raise self._late(response.url.partition("?")[0])

    def _late(self, url: str) -> SourceError:
        return SourceError(f"{url} gave no whole answer within {self._access.read_timeout_seconds:g} s", retriable=True)


def _refusal(url: str, status: int, body: bytes) -> SourceError:
    """Loki's refusals are plain text."""
    said = shown(body.decode("utf-8", "replace").strip(), _SAID_CHARACTERS)
    return SourceError(f"{url} answered {status}{f': {said}' if said else ''}", retriable=status in _RETRIABLE_STATUS)


def _ns(seconds: int) -> str:
    return str(seconds * _NANOSECONDS)
