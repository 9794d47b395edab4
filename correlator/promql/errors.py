"""What can be wrong with a query.

PromqlError
├── BadQueryError          it is no PromQL, or not of the kind that is asked for
├── ExecutionError         it is PromQL, and the series do not allow it
│   ├── UnsupportedError   it is PromQL that is not served here
│   └── TooMuchError       it would read or answer more than one question may
└── QueryTimeoutError      it took longer than it was given
"""


class PromqlError(Exception):
    """Why there is no answer; the text is for the person who asked."""


class BadQueryError(PromqlError):
    """Prometheus' `bad_data`."""


class ExecutionError(PromqlError):
    """Prometheus' `execution`."""


class UnsupportedError(ExecutionError):
    """Valid, and served by a Prometheus only."""

    def __init__(self, what: str) -> None:
        """`what` names the piece of the query."""
        super().__init__(f"unsupported: {what}")


class TooMuchError(ExecutionError):
    """Beyond the limits of one question."""

    def __init__(self) -> None:
        super().__init__("query processing would load too many samples into memory in query execution")


class QueryTimeoutError(PromqlError):
    """Prometheus' `timeout`."""

    def __init__(self) -> None:
        super().__init__("query timed out in expression evaluation")
