"""Several suppliers of one signal become one frame in which each target speaks once.

A server may show the same thing under two names (its own and those of the engine inside it), as classic and as native
histogram, and once more in the gateway before it. So, step by step, a row is left out where an earlier supplier knows
something of its target at that step: servers come before stand-ins before gateways, then the surest, then the order of
the catalogue. Targets are scrape targets, and for gateways the model as well. Nothing here depends on how many steps
are joined at once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from correlator.model.frame import Floats, Frame, Labels
from correlator.model.signal import Measured, Signal, State
from correlator.sources.staleness import instance_of

_ORDER = {Measured.SERVER: 0, Measured.STAND_IN: 1, Measured.GATEWAY: 2}
_SURENESS = {State.TESTED: 0, State.DOCUMENTED: 1, State.UNCONFIRMED: 2}
_Targets = Callable[[Labels], str | Labels]


def joined(signals: Sequence[Signal], frames: Mapping[Signal, Frame]) -> dict[str, Frame]:
    """A frame for each name, in the order of `signals`; those of one supplier stay as they are."""
    suppliers: dict[str, list[Signal]] = {}
    for signal in signals:
        suppliers.setdefault(signal.name, []).append(signal)
    return {name: _joined(several, frames) for name, several in suppliers.items()}


def _joined(signals: Sequence[Signal], frames: Mapping[Signal, Frame]) -> Frame:
    ordered = sorted(signals, key=lambda signal: (_ORDER[signal.measured], _SURENESS[signal.state]))
    telling = [signal for signal in ordered if frames[signal].labels]
    if len(telling) <= 1:
        return frames[telling[0] if telling else signals[0]]
    rows: dict[Labels, Floats] = {}
    earlier: list[Frame] = []
    for signal in telling:
        frame = frames[signal]
        for labels, values in _left(frame, earlier, is_gateway=signal.measured is Measured.GATEWAY):
            before = rows.get(labels)
            rows[labels] = values if before is None else np.where(np.isnan(before), values, before)
        earlier.append(frame)
    first = frames[telling[0]]
    return Frame.from_rows(first.signal, first.grid, rows)


def _left(frame: Frame, earlier: Sequence[Frame], *, is_gateway: bool) -> Iterator[tuple[Labels, Floats]]:
    """The rows without what an earlier frame tells of the same target."""
    same: list[_Targets] = [_target, _model] if is_gateway else [_target]
    told = [(target_of, _known(earlier, target_of)) for target_of in same]
    for labels, values in zip(frame.labels, frame.values, strict=True):
        masks = [known[target] for target_of, known in told if (target := target_of(labels)) in known]
        yield labels, np.where(np.logical_or.reduce(masks), np.nan, values) if masks else values


def _known(frames: Sequence[Frame], target_of: _Targets) -> dict[str | Labels, NDArray[np.bool_]]:
    """At which steps anything is known of each target, shape (steps,)."""
    known: dict[str | Labels, NDArray[np.bool_]] = {}
    for frame in frames:
        for labels, values in zip(frame.labels, np.isfinite(frame.values), strict=True):
            target = target_of(labels)
            if target:
                known[target] = known[target] | values if target in known else values
    return known


def _target(labels: Labels) -> str | Labels:
    """The scrape target of a row; the row itself where it names none."""
    return instance_of(labels) or labels


def _model(labels: Labels) -> str:
    return next((value for name, value in labels if name == "model_name"), "")
