"""What the requests felt: the victim's exact times, compared between the quiet phase and the event."""

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.lab.inference import RequestRecord

# A request that waits longer than this counts as affected when it became late, not when its first token came at last.
STALL_SECONDS = 5.0


@dataclass(frozen=True)
class Instants:
    """Turns of a run in seconds since the epoch."""

    start: float
    event_start: float
    event_end: float
    end: float


def read_requests(log: Path) -> list[RequestRecord]:
    """The victim's own records."""
    return [RequestRecord(**json.loads(line)) for line in log.read_text().splitlines()]


@dataclass(frozen=True)
class Phase:
    """The requests that arrived in one phase; `end` is the end of the run, until which unanswered requests waited."""

    requests: Sequence[RequestRecord]
    seconds: float
    end: float

    @property
    def arrivals_per_second(self) -> float:
        """Mean rate of arrivals."""
        return len(self.requests) / self.seconds

    def ttft_quantile(self, q: float) -> float:
        """Quantile of TTFT in seconds; NaN without requests."""
        return quantile([ttft(request, self.end) for request in self.requests], q)

    def mean_ttft(self) -> float:
        """Mean TTFT in seconds; NaN without requests."""
        return mean(ttft(request, self.end) for request in self.requests)

    def mean_read_seconds(self) -> float:
        """Mean seconds a request spent in reads; NaN without requests."""
        return mean(request.read_seconds for request in self.requests)

    def seconds_per_page(self) -> float:
        """Mean seconds of one page's read."""
        return sum(request.read_seconds for request in self.requests) / sum(request.pages for request in self.requests)

    def residual_quantile(self, q: float) -> float:
        """Quantile of the TTFT that the prompt's length does not explain."""
        return quantile([residual(request, self.end) for request in self.requests], q)


def phases_of(requests: Sequence[RequestRecord], instants: Instants) -> tuple[Phase, Phase]:
    """The quiet phase and the event."""
    return (
        _phase(requests, instants.start, instants.event_start, instants.end),
        _phase(requests, instants.event_start, instants.event_end, instants.end),
    )


def ttft(request: RequestRecord, end: float) -> float:
    """Seconds to the first token, or to the end of the run for a request that never had one."""
    return (request.first_token_at or end) - request.arrived_at


def residual(request: RequestRecord, end: float) -> float:
    """Seconds of TTFT beyond what its prompt costs."""
    return ttft(request, end) - request.nominal_compute_seconds


def first_affected(requests: Sequence[RequestRecord], quiet: Phase, instants: Instants) -> float | None:
    """Instant of the first first-token in the event that was clearly late, and not alone in it; None without one.

    Late is what took longer than 99 % of the quiet phase: as a whole, once what a prompt's length explains is off, or
    in the read of one page, which the victim times itself. Not alone means that of it and the nine after it at least
    half took longer than 95 %.
    """
    rare = quiet.residual_quantile(0.99)
    within = sorted(
        (at, residual(request, instants.end), page_seconds(request, instants.end))
        for request in requests
        if instants.event_start <= (at := _affected_moment(request, rare, instants.end)) < instants.event_end
    )
    pages = [page_seconds(request, instants.end) for request in quiet.requests]
    whole = _first_late([(at, late) for at, late, _ in within], quiet.residual_quantile(0.95), rare)
    read = _first_late([(at, late) for at, _, late in within], quantile(pages, 0.95), quantile(pages, 0.99))
    return min((at for at in (whole, read) if at is not None), default=None)


def page_seconds(request: RequestRecord, end: float) -> float:
    """Mean seconds of a page's read; for a request that never had a token, what it waited, as if for one page."""
    if request.first_token_at is None:
        return end - request.arrived_at
    return request.read_seconds / request.pages if request.pages else 0.0


def _first_late(moments: Sequence[tuple[float, float]], usual: float, rare: float) -> float | None:
    """The first (instant, lateness) beyond `rare` that goes on: half of it and the nine after it beyond `usual`."""
    for index, (at, late) in enumerate(moments):
        following = [later > usual for _, later in moments[index : index + 10]]
        if late > rare and 2 * sum(following) >= len(following):
            return at
    return None


def longest_gap(requests: Sequence[RequestRecord], instants: Instants) -> float:
    """Longest time within the event in which no first token came."""
    tokens = sorted(request.first_token_at for request in requests if request.first_token_at is not None)
    within = [at for at in tokens if instants.event_start < at < instants.event_end]
    marks = [instants.event_start, *within, instants.event_end]
    return max(later - earlier for earlier, later in pairwise(marks))


def quantile(values: Sequence[float], q: float) -> float:
    """Nearest-rank quantile; NaN without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else math.nan


def mean(values: Iterable[float]) -> float:
    """Arithmetic mean; NaN without values."""
    collected = list(values)
    return statistics.fmean(collected) if collected else math.nan


def _phase(requests: Sequence[RequestRecord], since: float, until: float, end: float) -> Phase:
    arrived = [request for request in requests if since <= request.arrived_at < until]
    return Phase(arrived, until - since, end)


def _affected_moment(request: RequestRecord, tolerance: float, end: float) -> float:
    if request.first_token_at is not None and ttft(request, end) < STALL_SECONDS:
        return request.first_token_at
    return request.arrived_at + request.nominal_compute_seconds + tolerance
