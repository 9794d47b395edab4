"""`query`, `query_range` and `query_exemplars`."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from correlator.promql import BadQueryError, PromqlError, QueryTimeoutError, ask_instant, ask_range, parse_query
from correlator.web.prometheus.asked import Asked
from correlator.web.prometheus.encoding import Piece, encoded
from correlator.web.prometheus.errors import ApiError, invalid

LONGEST: Final = timedelta(minutes=2)
MOST_POINTS: Final = 11_000
_TOO_FINE = (
    "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
)


def query(asked: Asked) -> Iterator[Piece]:
    """An expression at one instant; now unless told otherwise."""
    at = asked.form.instant_ms("time", asked.now_ms)
    is_late = _deadline(asked)
    try:
        answer = ask_instant(asked.form.text("query"), asked.state.series, at, is_late=is_late)
    except BadQueryError as error:
        raise invalid("query", error) from error
    except PromqlError as error:
        raise _translated(error) from error
    return encoded(answer)


def query_range(asked: Asked) -> Iterator[Piece]:
    """An expression at every step from `start` to `end`."""
    steps = _steps(asked)
    is_late = _deadline(asked)
    try:
        answer = ask_range(asked.form.text("query"), asked.state.series, steps, is_late=is_late)
    except PromqlError as error:
        raise _translated(error) from error
    return encoded(answer)


def query_exemplars(asked: Asked) -> Iterator[bytes]:
    """None are kept; what is no query is still an error. Grafana asks in milliseconds whether there may be any."""
    start, end = asked.form.instant_ms("start", 0), asked.form.instant_ms("end", asked.now_ms)
    if end < start:
        raise ApiError("bad_data", "end timestamp must not be before start timestamp")
    try:
        parse_query(asked.form.text("query"))
    except BadQueryError as error:
        raise ApiError("bad_data", str(error)) from error
    return iter((b"[]",))


def _steps(asked: Asked) -> NDArray[np.int64]:
    start, end = asked.form.instant_ms("start"), asked.form.instant_ms("end")
    if end < start:
        raise invalid("end", "end timestamp must not be before start time")
    step = asked.form.duration("step")
    if step <= timedelta():
        raise invalid("step", "zero or negative query resolution step widths are not accepted. Try a positive integer")
    if timedelta(milliseconds=1) * (end - start) / step > MOST_POINTS:
        raise ApiError("bad_data", _TOO_FINE)
    return np.arange(start, end + 1, max(step // timedelta(milliseconds=1), 1))


def _deadline(asked: Asked) -> Callable[[], bool]:
    """Whether the time is up that the request gives, or the daemon stops."""
    longest = min(asked.form.duration("timeout"), LONGEST) if asked.form.text("timeout") else LONGEST
    until = time.monotonic() + longest.total_seconds()
    return lambda: time.monotonic() > until or asked.state.stopping()


def _translated(error: PromqlError) -> ApiError:
    kinds = {BadQueryError: "bad_data", QueryTimeoutError: "timeout"}
    return ApiError(kinds.get(type(error), "execution"), str(error))
