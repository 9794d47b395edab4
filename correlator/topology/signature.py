"""Whether a window can have another topology than the one before, without joining it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Frames, Labels
from correlator.topology import signals
from correlator.topology.projection import Steps, seen_steps


@dataclass(frozen=True, slots=True)
class Signature:
    """Equal signatures have equal topologies. Compare it with `==`; it keeps the labels it speaks of alive.

    `newest` and `oldest` order the rows by when they were seen, without distances: that stays the same while the
    window moves over a quiet cluster. `values` are the readings that enter a topology.
    """

    newest: bytes
    oldest: bytes
    values: bytes
    labels: tuple[tuple[Labels, ...], ...] = field(hash=False)


def signature(frames: Frames) -> Signature:
    """What `join` depends on; cheap while the labels of successive windows are the same objects."""
    width = frames.grid.count
    read = [frames.get(name) for name in signals.READ]
    seen = [seen_steps(frame.values) for frame in read]
    started = read[signals.READ.index(signals.POD_START_TIME)].values
    newest_start = seen[signals.READ.index(signals.POD_START_TIME)][0]
    return Signature(
        newest=_ranks(np.concatenate([newest for newest, _ in seen]), width),
        oldest=_ranks(np.concatenate([oldest for _, oldest in seen]), width),
        values=started[np.arange(len(started)), newest_start].tobytes() if started.size else b"",
        labels=tuple(frame.labels for frame in read),
    )


def _ranks(steps: Steps, width: int) -> bytes:
    """The order among steps in [-1, width); rows without data (-1) are always of rank 1."""
    occurs: NDArray[np.bool_] = np.zeros(width + 1, dtype=np.bool_)
    occurs[0] = True
    occurs[steps + 1] = True
    return np.cumsum(occurs).astype(np.int32)[steps + 1].tobytes()
