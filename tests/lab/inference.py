"""What passes between the lab and its victim: the start-up configuration, and the record of each request."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VictimConfig:
    """What a victim process is told at its start."""

    model_name: str
    model_file: str
    request_log: str
    port: int
    seed: int
    mean_rate: float = 8.0
    slots: int = 4


@dataclass(frozen=True)
class RequestRecord:
    """The exact times of one request, in seconds; `at` are seconds since the epoch.

    `compute_seconds` includes the wait for the accelerator; `nominal_compute_seconds` is what the prompt would have
    cost alone and with nothing changed. `first_token_at` is None for a request that had no first token when the victim
    ended.
    """

    arrived_at: float
    first_token_at: float | None
    prompt_tokens: int
    pages: int
    queue_seconds: float
    read_seconds: float
    compute_seconds: float
    nominal_compute_seconds: float
