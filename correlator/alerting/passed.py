"""What came of passing something on to Alertmanagers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passed:
    """A status as in HTTP: below 300 where at least one took it. `detail` says what failed, `body` is its answer."""

    status: int
    detail: str = ""
    body: bytes = b""
