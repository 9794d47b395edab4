"""What the engine remembers from one step to the next, as a value that the caller stores with that step."""

from dataclasses import dataclass

import orjson
from pydantic import TypeAdapter, ValidationError

from correlator.model.finding import Finding

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRegression:
    """A regression that has not ended, with the baseline that it was detected against.

    Instants are epoch seconds. `bounds` hold the buckets' upper bounds without the last, which is infinite.
    `calm_since` is the first of the uninterrupted steps that look normal again; None while it is slow. `silent`:
    nothing is done any more, and nobody is known to wait.
    """

    namespace: str
    pod: str
    model_name: str
    onset_at: int
    detected_at: int
    stalled: bool
    bounds: tuple[float, ...]
    baseline_counts: tuple[float, ...]
    baseline_mean: float
    calm_since: int | None
    last: Finding
    symptom: str = "ttft"
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRegression:
    """Steps [start, end) that are no baseline for this victim."""

    namespace: str
    pod: str
    model_name: str
    start: int
    end: int
    symptom: str = "ttft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Open regressions, and ended ones as long as the window still holds their steps."""

    open: tuple[OpenRegression, ...] = ()
    past: tuple[PastRegression, ...] = ()

    def encode(self) -> bytes:
        """Bytes for a store."""
        return orjson.dumps({"format": FORMAT, "memory": self}, option=orjson.OPT_UTC_Z)

    @classmethod
    def decode(cls, data: bytes) -> "Memory":
        """The inverse of `encode`; raises ValueError that says what is wrong with anything else."""
        try:
            content = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"the engine's memory is not JSON: {error}") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"the engine's memory is not of format {FORMAT}")
        try:
            return _MEMORY.validate_json(orjson.dumps(content["memory"]))
        except (KeyError, ValidationError) as error:
            raise ValueError(f"the engine's memory cannot be read: {error}") from error


_MEMORY: TypeAdapter[Memory] = TypeAdapter(Memory)
