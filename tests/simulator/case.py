"""What a simulated case is: signals as a source yields them, and what really happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = Mapping[str, str]
Verdict: TypeAlias = Literal["contention", "degraded_device", "own_io", "load", "other", "undetermined"]

Family: TypeAlias = Literal["contention", "easy_null", "hard_null", "quiet"]
"""`contention` has culprits or unattributed I/O as its cause. A `hard_null` has something that looks guilty."""

CULPRIT_SHARE = 0.1
"""A culprit contributed at least this part of the incremental device time."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One signal: the labels of its R series (no empty values) and their values, shape (R, T), NaN where not known.

    Counters are raw totals as scraped (they may restart), gauges readings, infos 1, heartbeats the epoch seconds of the
    target's newest sample: as docs/recording-format.md says.
    """

    labels: tuple[Labels, ...]
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Telemetry:
    """All signals by the catalogue's names on the steps `start`, `start + step`, … (`count` of them, epoch seconds).

    `start` is a multiple of `step`; `intervals` holds each signal's update interval in seconds.
    """

    start: int
    step: int
    count: int
    signals: Mapping[str, Rows]
    intervals: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimTruth:
    """What happened to one victim; instants are epoch seconds.

    `verdict` is the right one, None where no incident should be reported. `shares` maps `namespace/pod` (the victim's
    own included; `unattributed` for I/O that no pod accounts for) to its part of the incremental device time on
    `device`; `culprits` are those whose part makes them one. `first_affected_at` is when the first late first token
    was given, or became late; `twentieth_affected_at` the twentieth, None where there were fewer.
    """

    namespace: str
    pod: str
    model_name: str
    node: str
    device: str
    verdict: Verdict | None
    culprits: tuple[str, ...]
    shares: Mapping[str, float]
    event_start_at: float | None
    event_end_at: float | None
    first_affected_at: float | None
    twentieth_affected_at: float | None
    p95_ratio: float
    mean_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One simulated stretch of time with its truth.

    `is_validated`: whether first tokens moved (or, for cases without an incident, did not) as the kind claims; others
    are no cases. `history` holds the days before at a coarse step, None where there are none. `databases` is what
    happened to the databases beside the victims, whatever first tokens did.
    """

    kind: str
    family: Family
    seed: int
    telemetry: Telemetry
    victims: tuple[VictimTruth, ...]
    is_validated: bool
    history: Telemetry | None = None
    databases: tuple[VictimTruth, ...] = ()

    @property
    def victim(self) -> VictimTruth:
        """The first, and in most kinds the only one."""
        return self.victims[0]
