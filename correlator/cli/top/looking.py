"""Two ways to look: at a Prometheus or a recording, judged here, and at a daemon, which has judged already."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import TypeAdapter, ValidationError

import correlator
from correlator.cli.errors import UsageError
from correlator.cli.top.view import Seen
from correlator.incidents.book import Book, advance
from correlator.incidents.query import LARGEST_PAGE
from correlator.inquiry import Inquiry, Progress
from correlator.inquiry.explanation import WATCHED_STEPS
from correlator.inquiry.inquiry import Walk
from correlator.model.incident import Incident
from correlator.model.snapshot import Snapshot, VictimNow, VolumeNow
from correlator.model.source import SourceError
from correlator.publish.status import EngineStatus
from correlator.sources.session import BearerFile

WAIT_SECONDS = (3.0, 10.0)
Value = TypeVar("Value")


class Look(Protocol):
    """Somewhere to look."""

    def __call__(self, now: float, progress: Progress | None = None) -> Seen:
        """What there is at `now`, in epoch seconds. Raises SourceError; the next look may succeed."""
        ...


class Judged:
    """Looks at a source and judges each new step here, as the daemon would; it begins some steps back."""

    def __init__(self, inquiry: Inquiry, cluster: str, settle_seconds: float) -> None:
        self._inquiry = inquiry
        self._settle_seconds = settle_seconds
        self._book = Book(cluster=cluster)
        self._walk: Walk | None = None
        self._snapshot: Snapshot | None = None

    def __call__(self, now: float, progress: Progress | None = None) -> Seen:
        """Judge what has settled since the last look."""
        source = self._inquiry.source
        at = min(source.span(now)[1], now - self._settle_seconds)
        if self._walk is None:
            step = self._inquiry.step_between(at, at)
            self._walk = Walk(self._inquiry, step, at - WATCHED_STEPS * step)
        for done, evaluation in enumerate(self._walk.advance(at), start=1):
            self._snapshot = evaluation.snapshot
            self._book = advance(self._book, evaluation.at, evaluation.findings).book
            if progress is not None:
                progress(done, WATCHED_STEPS)
        if self._snapshot is None:
            raise SourceError(f"{source.name}: no step lies before that time", retriable=True)
        return Seen(snapshot=self._snapshot, incidents=self._book.open_incidents(), source=source.name)


class Daemon:
    """Looks at a running daemon over REST; its Prometheus is asked nothing."""

    def __init__(self, url: str, token_file: Path | None = None, ca_file: Path | None = None) -> None:
        """The token is read anew for each request. Raises UsageError for what is no address of a daemon."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise UsageError(f"--daemon {url}: expected an address such as http://127.0.0.1:9920")
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["User-Agent"] = f"io-contention-correlator/{correlator.__version__}"
        if token_file is not None:
            self._session.auth = BearerFile(token_file)
        if ca_file is not None:
            if not ca_file.is_file():
                raise UsageError(f"--ca-file {ca_file}: there is no such file")
            self._session.verify = str(ca_file)

    def __call__(self, now: float, progress: Progress | None = None) -> Seen:  # noqa: ARG002 - a daemon knows the time
        """What it judged last."""
        status = self._read(EngineStatus, self._get("status"))
        volumes = self._get("volumes")
        snapshot = Snapshot(
            at=self._read(datetime, volumes.get("at")).astimezone(UTC),
            volumes=self._read(tuple[VolumeNow, ...], volumes.get("items")),
            victims=self._read(tuple[VictimNow, ...], self._get("victims").get("items")),
        )
        asked = {"state": "open", "limit": str(LARGEST_PAGE), **({"cluster": status.cluster} if status.cluster else {})}
        return Seen(
            snapshot=snapshot,
            incidents=self._read(tuple[Incident, ...], self._get("incidents", asked).get("items")),
            source=f"{self._url} ({status.source})",
            demo=status.demo,
            problems=status.problems,
        )

    def _get(self, what: str, parameters: dict[str, str] | None = None) -> dict[str, Any]:
        address = f"{self._url}/api/v1/{what}"
        try:
            answer = self._session.get(address, params=parameters, timeout=WAIT_SECONDS, allow_redirects=False)
            document = answer.json() if answer.content else None
        except (requests.RequestException, ValueError) as error:
            raise SourceError(f"{self._url} does not answer as a daemon does: {_why(error)}", retriable=True) from error
        if answer.status_code != requests.codes.ok or not isinstance(document, dict):
            detail = document.get("detail") if isinstance(document, dict) else None
            raise SourceError(f"{address}: {answer.status_code} {detail or answer.reason}", retriable=True)
        return document

    def _read(self, kind: type[Value], document: object) -> Value:
        try:
            return TypeAdapter(kind).validate_python(document)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(str(part) for part in fault["loc"])
            raise SourceError(
                f"{self._url}: not an answer of this version: {where} {fault['msg']}", retriable=True
            ) from error


def _why(error: Exception) -> str:
    """The innermost reason, without the address again."""
    if isinstance(error, requests.Timeout):
        return "it takes too long"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not one to trust: see --ca-file"
    if isinstance(error, requests.ConnectionError):
        return "nothing listens there, or the connection broke"
    return "no JSON" if isinstance(error, ValueError) else type(error).__name__
