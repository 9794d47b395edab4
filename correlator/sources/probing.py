"""What a source has of each signal right now, for the command `check`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """One signal at one instant.

    `series` is 0 where the server has none, which is no error; `interval` and `newest_age_seconds` are None where
    nothing tells. `error` is the server's complaint, "" without one.
    """

    signal: str
    series: int
    interval: int | None = None
    newest_age_seconds: float | None = None
    error: str = ""
