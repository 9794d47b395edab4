"""The kinds of cases: a table of what happens, what an expert would call it, and on what kind of day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.simulator import contention, nulls, own
from tests.simulator.case import Family, Verdict
from tests.simulator.stage import Stage, Wishes

SPARSE = Wishes(rates=(1 / 60, 0.15), quiet=(120, 200), event=(60, 120), recovery=(20, 60), event_requests=40.0)
LONG = Wishes(event=(60, 150))
DAYS = Wishes(rates=(0.1, 2.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of case: `build` adds it to an ordinary day; `verdict` is the right one, None for no incident.

    `days` of history come with it; with `repeats` the same happened on each of them at the same hour.
    """

    name: str
    family: Family
    summary: str
    verdict: Verdict | None
    build: Callable[[Stage], None]
    wishes: Wishes = field(default_factory=Wishes)
    days: int = 0
    repeats: bool = False


_ALL = (
    Kind(
        name="quiet",
        family="quiet",
        summary="an ordinary day with its noise",
        verdict=None,
        build=nulls.nothing,
    ),
    Kind(
        name="busy_but_usual",
        family="quiet",
        summary="a heavy innocent that is always there, and a cron job that comes and goes without hurting",
        verdict=None,
        build=nulls.busy_but_usual,
    ),
    Kind(
        name="low_traffic_quiet",
        family="quiet",
        summary="an ordinary day with few requests",
        verdict=None,
        build=nulls.nothing,
        wishes=SPARSE,
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
        name="small_writer",
        family="contention",
        summary="one pod has many small writes in flight: few bytes, a full queue",
        verdict="contention",
        build=contention.small_writer,
    ),
    Kind(
        name="metadata_writer",
        family="contention",
        summary="one pod makes tiny writes durable, with a flush for every few",
        verdict="contention",
        build=contention.metadata_writer,
    ),
    Kind(
        name="two_culprits",
        family="contention",
        summary="two pods share the blame, at once or one after the other",
        verdict="contention",
        build=contention.two_culprits,
    ),
    Kind(
        name="three_culprits",
        family="contention",
        summary="three pods share the blame",
        verdict="contention",
        build=contention.three_culprits,
    ),
    Kind(
        name="bursts",
        family="contention",
        summary="a culprit that is on and off several times",
        verdict="contention",
        build=contention.bursts,
        wishes=LONG,
    ),
    Kind(
        name="ramp",
        family="contention",
        summary="a culprit that grows in stairs",
        verdict="contention",
        build=contention.ramp,
    ),
    Kind(
        name="periodic",
        family="contention",
        summary="a cron job that hurts each time it runs",
        verdict="contention",
        build=contention.periodic,
        wishes=LONG,
    ),
    Kind(
        name="writer_and_bystanders",
        family="contention",
        summary="a culprit, and in the same second pods that begin with little I/O",
        verdict="contention",
        build=contention.writer_and_bystanders,
    ),
    Kind(
        name="writer_and_logger",
        family="contention",
        summary="a culprit while a request log goes with the load, step by step",
        verdict="contention",
        build=contention.writer_and_logger,
    ),
    Kind(
        name="slowed_neighbours",
        family="contention",
        summary="a culprit, and synchronous pods that slow down because of it",
        verdict="contention",
        build=contention.slowed_neighbours,
    ),
    Kind(
        name="beside_heavy",
        family="contention",
        summary="a culprit beside a heavier innocent that has always been there",
        verdict="contention",
        build=contention.beside_heavy,
    ),
    Kind(
        name="writer_with_load_rise",
        family="contention",
        summary="a culprit while somewhat more requests arrive",
        verdict="contention",
        build=contention.writer_with_load_rise,
    ),
    Kind(
        name="unattributed",
        family="contention",
        summary="I/O that no pod accounts for fills the queue",
        verdict="contention",
        build=contention.unattributed,
    ),
    Kind(
        name="crowded",
        family="contention",
        summary="a culprit among up to forty pods on the device",
        verdict="contention",
        build=contention.one,
        wishes=Wishes(pods=(24, 40)),
    ),
    Kind(
        name="low_traffic",
        family="contention",
        summary="a culprit where a request comes every few seconds or once a minute",
        verdict="contention",
        build=contention.one,
        wishes=SPARSE,
    ),
    Kind(
        name="two_victims",
        family="contention",
        summary="a culprit, and two servers that read from the same device",
        verdict="contention",
        build=contention.two_victims,
    ),
    Kind(
        name="seasonal_writer",
        family="contention",
        summary="a culprit on one day; the days before show how load comes and goes",
        verdict="contention",
        build=contention.one,
        wishes=DAYS,
        days=3,
    ),
    Kind(
        name="nightly_job",
        family="contention",
        summary="a job that hurts each day at the same hour",
        verdict="contention",
        build=contention.one,
        wishes=DAYS,
        days=3,
        repeats=True,
    ),
    Kind(
        name="load_rise",
        family="easy_null",
        summary="several times the requests arrive",
        verdict="load",
        build=nulls.load_rise,
    ),
    Kind(
        name="prompt_shift",
        family="easy_null",
        summary="prompts get longer",
        verdict="load",
        build=nulls.prompt_shift,
    ),
    Kind(
        name="compute_slowdown",
        family="easy_null",
        summary="the accelerator becomes slow while storage stays as it was",
        verdict="other",
        build=nulls.compute_slowdown,
    ),
    Kind(
        name="victim_restart",
        family="easy_null",
        summary="the server restarts, and first tokens are as before",
        verdict=None,
        build=nulls.victim_restart,
    ),
    Kind(
        name="daily_peak",
        family="easy_null",
        summary="several times the requests, as each day at this hour",
        verdict="load",
        build=nulls.load_rise,
        wishes=DAYS,
        days=3,
        repeats=True,
    ),
    Kind(
        name="nightly_backup",
        family="hard_null",
        summary="a backup that hurts nobody, as each day at this hour",
        verdict=None,
        build=nulls.harmless_writer,
        wishes=DAYS,
        days=3,
        repeats=True,
    ),
    Kind(
        name="load_with_logger",
        family="hard_null",
        summary="more requests, and a log of them that grows step by step with them",
        verdict="load",
        build=nulls.load_with_logger,
    ),
    Kind(
        name="load_with_starters",
        family="hard_null",
        summary="more requests, and pods that begin with a little I/O at the same moment",
        verdict="load",
        build=nulls.load_with_starters,
    ),
    Kind(
        name="compute_with_writer",
        family="hard_null",
        summary="a slow accelerator, and a writer that starts with it and hurts nobody",
        verdict="other",
        build=nulls.compute_with_writer,
    ),
    Kind(
        name="compute_beside_heavy",
        family="hard_null",
        summary="a slow accelerator beside a heavy innocent",
        verdict="other",
        build=nulls.compute_beside_heavy,
    ),
    Kind(
        name="compute_with_starters",
        family="hard_null",
        summary="a slow accelerator, and pods that begin with a little I/O at the same moment",
        verdict="other",
        build=nulls.compute_with_starters,
    ),
    Kind(
        name="unexposed_compute",
        family="hard_null",
        summary="a slow accelerator while a device that the victim reads nothing from is saturated",
        verdict="other",
        build=nulls.unexposed_compute,
    ),
    Kind(
        name="other_volume",
        family="hard_null",
        summary="a device that the victim reads nothing from is saturated",
        verdict=None,
        build=nulls.other_volume,
    ),
    Kind(
        name="harmless_writer",
        family="hard_null",
        summary="a pod starts to write on the victim's device and hurts nobody",
        verdict=None,
        build=nulls.harmless_writer,
    ),
    Kind(
        name="degraded_device",
        family="hard_null",
        summary="the device becomes slow for everyone under the load that it has always had",
        verdict="degraded_device",
        build=nulls.degraded_device,
    ),
    Kind(
        name="degraded_with_starters",
        family="hard_null",
        summary="the device becomes slow in the minute in which small jobs begin",
        verdict="degraded_device",
        build=nulls.degraded_with_starters,
    ),
    Kind(
        name="kv_offload",
        family="hard_null",
        summary="the victim writes its own cache to the device that it reads from",
        verdict="own_io",
        build=own.kv_offload,
    ),
    Kind(
        name="weight_loading",
        family="hard_null",
        summary="the victim loads the weights of another model",
        verdict="own_io",
        build=own.weight_loading,
    ),
    Kind(
        name="cold_cache",
        family="hard_null",
        summary="after a restart each request reads more than before",
        verdict="own_io",
        build=own.cold_cache,
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
