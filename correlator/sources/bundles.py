"""Narrowed signals that are asked for in one query: counters of the same things, told apart by their metrics' names.

What is asked of all of a cluster stays one query a signal: together it would be too much for one answer.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from correlator.model.signal import Signal
from correlator.sources.answer import Answer

_NAME = "__name__"
_PLAIN = re.compile(
    r"""(?P<aggregation>max|sum)[ ]by[ ]\((?P<labels>[^()]+)\)
    [ ]\((?P<metric>[a-zA-Z_:][a-zA-Z0-9_:]*)\{(?P<matchers>(?:[^"{}]|"(?:[^"\\]|\\.)*")+)\}\)""",
    re.VERBOSE,
)
"""One metric, aggregated, in the spelling of the catalogue; whatever is spelled otherwise is asked for alone."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query and the signals that it answers; `names` has the metric of each, or nothing where there is one signal."""

    query: str
    signals: tuple[Signal, ...]
    names: tuple[str, ...] = ()

    @property
    def is_narrow(self) -> bool:
        """Whether few series are expected."""
        return all(signal.narrow for signal in self.signals)

    def told_apart(self, answer: Answer) -> Iterator[tuple[Signal, Answer]]:
        """Each signal with its part of the answer; what the server said beside the data counts for all."""
        if not self.names:
            yield self.signals[0], answer
            return
        named: NDArray[np.object_] = np.array([metric.get(_NAME, "") for metric in answer.metrics], dtype=np.object_)
        sampled = np.repeat(named, answer.counts)
        for signal, name in zip(self.signals, self.names, strict=True):
            own: NDArray[np.bool_] = named == name
            samples: NDArray[np.bool_] = sampled == name
            yield (
                signal,
                replace(
                    answer,
                    metrics=[metric for metric, is_own in zip(answer.metrics, own, strict=True) if is_own],
                    counts=answer.counts[own],
                    times=answer.times[samples],
                    values=answer.values[samples],
                    native=[each for each in answer.native or () if each["metric"].get(_NAME) == name] or None,
                ),
            )


def questions_of(signals: Iterable[Signal]) -> list[Question]:
    """What to ask for, in the order of the first signal of each question."""
    groups: dict[object, dict[str, Signal]] = {}
    for number, signal in enumerate(signals):
        found = _PLAIN.fullmatch(signal.query) if signal.narrow else None
        if found is None:
            groups[number] = {"": signal}
            continue
        group = groups.setdefault(found.group("aggregation", "labels", "matchers"), {})
        if found["metric"] in group:
            groups[number] = {"": signal}
        else:
            group[found["metric"]] = signal
    return [_question(group) for group in groups.values()]


def _question(group: dict[str, Signal]) -> Question:
    signals: Sequence[Signal] = tuple(group.values())
    found = _PLAIN.fullmatch(signals[0].query) if len(group) > 1 else None
    if found is None:
        return Question(signals[0].query, (signals[0],))
    any_of = f'{_NAME}=~"{"|".join(group)}"'
    query = f"{found['aggregation']} by ({_NAME}, {found['labels']}) ({{{any_of},{found['matchers']}}})"
    return Question(query, tuple(signals), tuple(group))
