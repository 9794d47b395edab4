"""The kinds of cases: a table of what happens, what an expert would call it, and what proves that it happened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.simulator import contention, nulls
from tests.simulator.case import Family, Verdict
from tests.simulator.stage import Stage, Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of case: `build` adds it to an ordinary day; `verdict` is the right one, None for no incident."""

    name: str
    family: Family
    summary: str
    verdict: Verdict | None
    build: Callable[[Stage], None]
    wishes: Wishes = field(default_factory=Wishes)


_ALL = (
    Kind(
        name="quiet",
        family="quiet",
        summary="an ordinary day with its noise",
        verdict=None,
        build=nulls.nothing,
    ),
    Kind(
        name="one_writer",
        family="contention",
        summary="one pod writes in large operations and keeps the queue full",
        verdict="contention",
        build=contention.one_writer,
    ),
    Kind(
        name="reader",
        family="contention",
        summary="one pod reads in large operations and keeps the queue full",
        verdict="contention",
        build=contention.reader,
    ),
    Kind(
        name="load_rise",
        family="easy_null",
        summary="several times the requests arrive",
        verdict="load",
        build=nulls.load_rise,
    ),
    Kind(
        name="compute_slowdown",
        family="easy_null",
        summary="the accelerator becomes slow while storage stays as it was",
        verdict="other",
        build=nulls.compute_slowdown,
    ),
    Kind(
        name="degraded_device",
        family="hard_null",
        summary="the device becomes slow for everyone under the load that it has always had",
        verdict="degraded_device",
        build=nulls.degraded_device,
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
