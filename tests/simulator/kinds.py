"""The kinds of cases: a table of what happens, what an expert would call it, and on what kind of day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.simulator import contention, nulls, own
from tests.simulator.case import Family, Verdict
from tests.simulator.stage import Stage, Wishes

ANY = Wishes()
SPARSE = Wishes(rates=(1 / 60, 0.15), quiet=(120, 200), event=(60, 120), recovery=(20, 60), event_requests=40.0)
LONG = Wishes(event=(60, 150))
SHORT = Wishes(rates=(1.0, 20.0), event=(6, 30))
CROWDED = Wishes(pods=(24, 40))
DAYS = Wishes(rates=(0.1, 2.0))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of case: `build` adds it to an ordinary day; `verdict` is the right one, None for no incident.

    `days` of history come with it; with `repeats` the same happened on each of them at the same hour.
    """

    name: str
    family: Family
    verdict: Verdict | None
    summary: str
    build: Callable[[Stage], None]
    wishes: Wishes = field(default_factory=Wishes)
    days: int = 0
    repeats: bool = False


def _quiet(name: str, build: Callable[[Stage], None], summary: str, wishes: Wishes = ANY) -> Kind:
    return Kind(name, "quiet", None, summary, build, wishes)


def _contention(name: str, build: Callable[[Stage], None], summary: str, wishes: Wishes = ANY) -> Kind:
    return Kind(name, "contention", "contention", summary, build, wishes)


_ALL = (
    _quiet("quiet", nulls.nothing, "an ordinary day with its noise"),
    _quiet(
        "busy_but_usual",
        nulls.busy_but_usual,
        "a heavy innocent that is always there, and a cron job that comes and goes without hurting",
    ),
    _quiet("low_traffic_quiet", nulls.nothing, "an ordinary day with few requests", SPARSE),
    _contention("one_writer", contention.one_writer, "one pod writes in large operations and keeps the queue full"),
    _contention("reader", contention.reader, "one pod reads in large operations and keeps the queue full"),
    _contention(
        "small_writer", contention.small_writer, "one pod has many small writes in flight: few bytes, a full queue"
    ),
    _contention(
        "metadata_writer", contention.metadata_writer, "one pod makes tiny writes durable, with a flush for every few"
    ),
    _contention("two_culprits", contention.two_culprits, "two pods share the blame, at once or one after the other"),
    _contention("three_culprits", contention.three_culprits, "three pods share the blame"),
    _contention("bursts", contention.bursts, "a culprit that is on and off several times", LONG),
    _contention("ramp", contention.ramp, "a culprit that grows in stairs"),
    _contention("periodic", contention.periodic, "a cron job that hurts each time it runs", LONG),
    _contention(
        "writer_and_bystanders",
        contention.writer_and_bystanders,
        "a culprit, and in the same second pods that begin with little I/O",
    ),
    _contention(
        "writer_and_logger",
        contention.writer_and_logger,
        "a culprit while a request log goes with the load, step by step",
    ),
    _contention(
        "slowed_neighbours",
        contention.slowed_neighbours,
        "a culprit, and synchronous pods that slow down because of it",
    ),
    _contention(
        "beside_heavy", contention.beside_heavy, "a culprit beside a heavier innocent that has always been there"
    ),
    _contention(
        "writer_with_load_rise", contention.writer_with_load_rise, "a culprit while somewhat more requests arrive"
    ),
    _contention("unattributed", contention.unattributed, "I/O that no pod accounts for fills the queue"),
    _contention("crowded", contention.one, "a culprit among up to forty pods on the device", CROWDED),
    _contention(
        "low_traffic", contention.one, "a culprit where a request comes every few seconds or once a minute", SPARSE
    ),
    _contention("two_victims", contention.two_victims, "a culprit, and two servers that read from the same device"),
    Kind(
        "seasonal_writer",
        "contention",
        "contention",
        "a culprit on one day; the days before show how load comes and goes",
        contention.one,
        DAYS,
        days=3,
    ),
    Kind(
        "nightly_job",
        "contention",
        "contention",
        "a job that hurts each day at the same hour",
        contention.one,
        DAYS,
        days=3,
        repeats=True,
    ),
    Kind("load_rise", "easy_null", "load", "several times the requests arrive", nulls.load_rise),
    Kind("prompt_shift", "easy_null", "load", "prompts get longer", nulls.prompt_shift),
    Kind(
        "compute_slowdown",
        "easy_null",
        "other",
        "the accelerator becomes slow while storage stays as it was",
        nulls.compute_slowdown,
    ),
    Kind(
        "victim_restart", "easy_null", None, "the server restarts, and first tokens are as before", nulls.victim_restart
    ),
    Kind(
        "daily_peak",
        "easy_null",
        "load",
        "several times the requests, as each day at this hour",
        nulls.load_rise,
        DAYS,
        days=3,
        repeats=True,
    ),
    Kind(
        "nightly_backup",
        "hard_null",
        None,
        "a backup that hurts nobody, as each day at this hour",
        nulls.harmless_writer,
        DAYS,
        days=3,
        repeats=True,
    ),
    Kind(
        "load_with_logger",
        "hard_null",
        "load",
        "more requests, and a log of them that grows step by step with them",
        nulls.load_with_logger,
    ),
    Kind(
        "load_with_starters",
        "hard_null",
        "load",
        "more requests, and pods that begin with a little I/O at the same moment",
        nulls.load_with_starters,
    ),
    Kind(
        "compute_with_writer",
        "hard_null",
        "other",
        "a slow accelerator, and a writer that starts with it and hurts nobody",
        nulls.compute_with_writer,
    ),
    Kind(
        "compute_beside_heavy",
        "hard_null",
        "other",
        "a slow accelerator beside a heavy innocent",
        nulls.compute_beside_heavy,
    ),
    Kind(
        "compute_with_starters",
        "hard_null",
        "other",
        "a slow accelerator, and pods that begin with a little I/O at the same moment",
        nulls.compute_with_starters,
    ),
    Kind(
        "frozen_process",
        "hard_null",
        "other",
        "the server hangs by itself: requests wait and no first token comes",
        nulls.frozen_process,
        SHORT,
    ),
    Kind(
        "unseen_pods",
        "hard_null",
        "undetermined",
        "a culprit while the kubelet cannot be scraped: nobody can be named",
        contention.unseen_pods,
    ),
    Kind(
        "unexposed_compute",
        "hard_null",
        "other",
        "a slow accelerator while a device that the victim reads nothing from is saturated",
        nulls.unexposed_compute,
    ),
    Kind(
        "other_volume",
        "hard_null",
        None,
        "a device that the victim reads nothing from is saturated",
        nulls.other_volume,
    ),
    Kind(
        "harmless_writer",
        "hard_null",
        None,
        "a pod starts to write on the victim's device and hurts nobody",
        nulls.harmless_writer,
    ),
    Kind(
        "degraded_device",
        "hard_null",
        "degraded_device",
        "the device becomes slow for everyone under the load that it has always had",
        nulls.degraded_device,
    ),
    Kind(
        "degraded_with_starters",
        "hard_null",
        "degraded_device",
        "the device becomes slow in the minute in which small jobs begin",
        nulls.degraded_with_starters,
    ),
    Kind(
        "kv_offload",
        "hard_null",
        "own_io",
        "the victim writes its own cache to the device that it reads from",
        own.kv_offload,
    ),
    Kind("weight_loading", "hard_null", "own_io", "the victim loads the weights of another model", own.weight_loading),
    Kind("cold_cache", "hard_null", "own_io", "after a restart each request reads more than before", own.cold_cache),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
