"""What the engine remembers from one step to the next."""

from dataclasses import dataclass, field

import orjson


@dataclass(frozen=True, slots=True)
class Memory:
    """The open regressions, by victim, with the baselines they were detected against."""

    open_regressions: tuple[dict[str, object], ...] = field(default=())

    def encode(self) -> bytes:
        """Bytes for the store."""
        return orjson.dumps(self)

    @classmethod
    def decode(cls, data: bytes) -> "Memory":
        """The inverse of `encode`; raises ValueError on anything else."""
        raise NotImplementedError
