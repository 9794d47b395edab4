"""PromQL over the series that the daemon keeps: the part of the language that Grafana's panels need.

What lives here: parsing, evaluation over matrices of series × steps, and the errors of both in Prometheus' own kinds.
The meaning is that of Prometheus 2: a reading is shown for five minutes, and windows include both of their ends.
What must not: I/O, clocks, HTTP, JSON, knowledge of where series are kept.
Who imports it: web.
"""

from correlator.promql.errors import (
    BadQueryError,
    ExecutionError,
    PromqlError,
    QueryTimeoutError,
    TooMuchError,
    UnsupportedError,
)
from correlator.promql.parsing import parse_query, parse_selector
from correlator.promql.query import Answer, ask_instant, ask_range
from correlator.promql.reading import Limits
from correlator.promql.values import LabelSet, Samples, Vector

__all__ = [
    "Answer",
    "BadQueryError",
    "ExecutionError",
    "LabelSet",
    "Limits",
    "PromqlError",
    "QueryTimeoutError",
    "Samples",
    "TooMuchError",
    "UnsupportedError",
    "Vector",
    "ask_instant",
    "ask_range",
    "parse_query",
    "parse_selector",
]
