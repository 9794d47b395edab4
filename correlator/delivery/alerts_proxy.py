"""Alerts from Prometheus to its Alertmanagers: annotated where that is quick, passed on in any case."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from http import HTTPStatus
from typing import Final

import structlog

from correlator.alerting.annotate import Annotated
from correlator.alerting.passed import Passed
from correlator.delivery.alertmanagers import Alertmanager
from correlator.delivery.errors import RefusedError
from correlator.delivery.workers import OverloadedError, Workers
from correlator.publish.status import SinkStatus

log = structlog.get_logger(__name__)

ENRICHMENT_SECONDS: Final = 0.15
"""What annotations may take; with all else we add at most 0.2 s to what the Alertmanagers take."""

MOST_HOPS: Final = 3
"""Correlators that alerts may pass one after the other: more is a circle, an address that leads back here."""

_HOP: Final = "1.1 correlator"
_ENRICHING: Final = 2
_MOST_WAITING: Final = 64

Annotate = Callable[[bytes], Annotated]


class AlertsProxy:
    """Passes bodies on to every Alertmanager and answers once one took it, or when none did.

    The others are told meanwhile: one that is slow or down holds up nobody.
    """

    def __init__(
        self,
        alertmanagers: Sequence[Alertmanager],
        annotate: Annotate,
        timeout_seconds: float,
        enrichment_seconds: float = ENRICHMENT_SECONDS,
    ) -> None:
        self._alertmanagers = tuple(alertmanagers)
        self._annotate = annotate
        self._timeout_seconds = timeout_seconds
        self._enrichment_seconds = enrichment_seconds
        self._enriching: Workers[Annotated] = Workers("enrich", _ENRICHING, _MOST_WAITING)
        self._batches: Counter[str] = Counter()

    def stop(self) -> None:
        """Pass nothing on any more."""
        self._enriching.stop()
        for each in self._alertmanagers:
            each.stop()

    def status(self) -> tuple[SinkStatus, ...]:
        """How each Alertmanager does."""
        return tuple(each.status() for each in self._alertmanagers)

    def batches(self) -> tuple[tuple[str, int], ...]:
        """How many bodies were `enriched`, had nothing to say of (`unchanged`), or had no look: `late`, `failed`."""
        return tuple(sorted(self._batches.items()))

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Passed:
        """Pass alerts on. `headers` say how the body is to be read, and through what it came (`via`).

        What is encoded is not looked into.
        """
        via = headers.get("via", "")
        if via.count(_HOP) >= MOST_HOPS:
            return Passed(HTTPStatus.LOOP_DETECTED, "alerts go in a circle: an Alertmanager's address leads back here")
        headers = {**headers, "via": f"{via}, {_HOP}" if via else _HOP}
        by = time.monotonic() + self._timeout_seconds
        passed = body if "content-encoding" in headers else await self._annotated(body)
        return await self._first([each.post(passed, headers, by) for each in self._alertmanagers], by)

    async def get(self, path: str) -> Passed:
        """What the first Alertmanager that answers says."""
        by = time.monotonic() + self._timeout_seconds
        return await self._first([each.get(path, by) for each in self._alertmanagers], by)

    async def _annotated(self, body: bytes) -> bytes:
        """The body with what is known, or as it came where that cannot be said in time."""
        outcome, annotated = "failed", None
        try:
            future = self._enriching.submit(lambda: self._annotate(body), time.monotonic() + self._enrichment_seconds)
            annotated = await asyncio.wait_for(asyncio.wrap_future(future), self._enrichment_seconds)
            outcome = "enriched" if annotated.enriched else "unchanged"
        except (TimeoutError, OverloadedError):
            outcome = "late"
        except ValueError as error:
            log.warning("alerts are passed on as they came", reason=str(error))
        except Exception:
            log.exception("alerts are passed on as they came")
        self._batches[outcome] += 1
        return body if annotated is None else annotated.body

    async def _first(self, told: Sequence["Future[bytes]"], by: float) -> Passed:
        """The first success, else why there is none."""
        waiting, failures = {_awaited(each) for each in told}, []
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=max(0.0, by - time.monotonic()), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                return Passed(HTTPStatus.GATEWAY_TIMEOUT, f"no Alertmanager answered in {self._timeout_seconds:g} s")
            for each in done:
                error = each.exception()
                if error is None:
                    return Passed(HTTPStatus.OK, body=each.result())
                failures.append(error)
        return _failure(failures)


def _awaited(told: "Future[bytes]") -> "asyncio.Future[bytes]":
    """Whose failure is no news when nobody waits for it any more: it is counted already."""
    future = asyncio.wrap_future(told)
    future.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    return future


def _failure(errors: Sequence[BaseException]) -> Passed:
    """What they all refuse is the sender's fault, everything else can be tried again."""
    refused = bool(errors) and all(isinstance(each, RefusedError) for each in errors)
    return Passed(
        HTTPStatus.BAD_REQUEST if refused else HTTPStatus.BAD_GATEWAY, "; ".join(str(each) for each in errors)
    )
