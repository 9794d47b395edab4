"""Databases beside a victim, on its device: each transaction ends with a write that is made durable."""

from dataclasses import dataclass

import numpy as np

from tests.simulator.case import CULPRIT_SHARE, Floats, Verdict, VictimTruth
from tests.simulator.devices import Operation
from tests.simulator.patterns import waver
from tests.simulator.running import Counted, Outcome
from tests.simulator.scene import Database, Scene, Stream
from tests.simulator.scrape import Book, Losses, Target, counter, draw_target
from tests.simulator.stage import Stage
from tests.simulator.truth import UNATTRIBUTED, shares_of

EXPORTERS = ("etcd", "postgresql")
FSYNC_BOUNDS = tuple(0.001 * 2**power for power in range(14))
MOST_LOAD = 0.05
"""The part of the device's time that a database takes at most on a quiet day."""

FSYNC_SHAPE = 4.0
"""Single fsyncs scatter as a gamma distribution of this shape around their mean: by half of it."""

WORSE_RATIO, WORSE_SECONDS = 1.2, 5e-4
"""A database got worse from here on; below, nobody did anything to it."""


def add_database(stage: Stage, exporter: str) -> None:
    """Put one on the first victim's device, long there. Raises ValueError for an exporter that is not known."""
    if exporter not in EXPORTERS:
        raise ValueError(f"expected one of {', '.join(EXPORTERS)}, not {exporter!r}")
    rng, device, is_etcd = stage.rng, stage.victim.device, exporter == "etcd"
    operation = Operation(is_write=True, size=float(rng.choice((4096, 8192))), flushes=1.0)
    rate = float(np.exp(rng.uniform(*np.log((5.0, 50.0) if is_etcd else (3.0, 200.0)))))
    rate = min(rate, MOST_LOAD / stage.scene.devices[device].cost(operation))
    pace = rate * waver(rng, stage.ticks, rng.uniform(0.02, 0.2), 200.0)
    depth = np.full(len(stage.ticks), 1.0 if is_etcd else float(rng.choice((4.0, 8.0, 20.0))))
    stream = Stream(stage.add_pod(device, "StatefulSet"), device, operation, pace, depth)
    stage.add_stream(stream)
    compute = 0.0 if is_etcd else float(np.exp(rng.uniform(*np.log((5e-4, 8e-3)))))
    stage.scene.databases.append(Database(stream, compute, exporter))


def export_database(book: Book, scene: Scene, outcome: Outcome, database: Database) -> None:
    """What its exporter tells of it, and the exporter's heartbeat."""
    pod = scene.pods[database.stream.pod]
    target = draw_target(scene.rng, scene.clock, scene.scraping.vllm, Losses(scene.scraping.lost))
    is_etcd = database.exporter == "etcd"
    instance = {"instance": f"10.244.{database.stream.pod % 250}.{pod.node + 9}:{2381 if is_etcd else 9187}"}
    labels = {**instance, "namespace": pod.namespace, "pod": pod.pod, "node": scene.nodes[pod.node].name}
    (_export_etcd if is_etcd else _export_postgresql)(book, scene, _totals(outcome, database), (target, labels))
    book.put(f"{database.exporter}_heartbeat", instance, target.on_grid(target.at), target.interval)


@dataclass(frozen=True, slots=True, eq=False)
class _Totals:
    """Transactions and the seconds that they took, running totals of shape (T + 1,)."""

    done: Floats
    seconds: Floats

    @property
    def by_tick(self) -> tuple[Floats, Floats]:
        """Transactions in each tick, and their mean seconds; 0 where there were none."""
        done, seconds = np.diff(self.done), np.diff(self.seconds)
        return done, np.divide(seconds, done, out=np.zeros_like(done), where=done > 0)


def _totals(outcome: Outcome, database: Database) -> _Totals:
    counted = _counted(outcome, database)
    waited = counted.seconds + counted.flush_seconds
    return _Totals(counted.operations, waited + database.compute * counted.operations)


def _counted(outcome: Outcome, database: Database) -> Counted:
    place = next(index for index, stream in enumerate(outcome.streams) if stream is database.stream)
    return outcome.counted[place]


def _export_postgresql(book: Book, scene: Scene, totals: _Totals, where: tuple[Target, dict[str, str]]) -> None:
    target, labels = where
    named = {**labels, "datname": "app"}
    for signal, total, places in (
        ("postgresql_transactions", totals.done, 0),
        ("postgresql_active_time", totals.seconds, 6),
    ):
        first = float(scene.rng.uniform(1e3, 1e6))
        values = np.round(counter(total, scene.clock.edges, target.at, first=first), places)
        book.put(signal, named, target.on_grid(values), target.interval)


def _export_etcd(book: Book, scene: Scene, totals: _Totals, where: tuple[Target, dict[str, str]]) -> None:
    """Every fsync by its own duration; they end evenly within their tick."""
    target, labels = where
    done, mean = totals.by_tick
    number = done.astype(np.intp)
    took = np.repeat(mean, number) * scene.rng.gamma(FSYNC_SHAPE, 1.0 / FSYNC_SHAPE, int(number.sum()))
    tick = np.repeat(np.arange(len(number)), number)

    def put(signal: str, gained: Floats, **more: str) -> None:
        total = np.concatenate([[0.0], np.cumsum(gained)])
        values = counter(total, scene.clock.edges, target.at)
        rounded = np.round(values, 6) if signal.endswith("sum") else np.floor(values)
        book.put(signal, {**labels, **more}, target.on_grid(rounded), target.interval)

    def by_tick(values: Floats) -> Floats:
        return np.bincount(tick, values, minlength=len(number)).astype(np.float64)

    for bound in (*FSYNC_BOUNDS, np.inf):
        within = by_tick((took <= bound).astype(np.float64))
        put("etcd_fsync_bucket", within, le=str(bound) if np.isfinite(bound) else "+Inf")
    put("etcd_fsync_sum", by_tick(took))
    put("etcd_fsync_count", done)


def truth_of_database(scene: Scene, outcome: Outcome, database: Database, verdict: Verdict | None) -> VictimTruth:
    """What happened to it in a case of a kind with that `verdict` on first tokens.

    Nothing but the device makes its transactions slow: where they got slower, it is contention, unless the device
    itself did. Where the kind is contention, but they kept their pace, there is still an event.
    """
    clock, pod = scene.clock, scene.pods[database.stream.pod]
    at = np.array([clock.start, clock.event_start, clock.event_end], dtype=np.float64)
    totals = _totals(outcome, database)
    done, seconds = (np.diff(np.interp(at, clock.edges, total)) for total in (totals.done, totals.seconds))
    before, during = seconds / np.maximum(done, 1.0)
    worse = during >= WORSE_RATIO * before and during - before >= WORSE_SECONDS
    cause: Verdict | None = verdict if verdict in {"contention", "degraded_device", "undetermined"} else None
    if cause is None and worse:
        cause = "contention"
    shares = shares_of(scene, outcome, database.stream.device)
    others = sorted(((s, key) for key, s in shares.items() if key not in {pod.key, UNATTRIBUTED}), reverse=True)
    return VictimTruth(
        namespace=pod.namespace,
        pod=pod.pod,
        model_name="",
        node=scene.nodes[pod.node].name,
        device=scene.devices[database.stream.device].name,
        verdict=cause,
        culprits=tuple(key for s, key in others if s >= CULPRIT_SHARE) if cause == "contention" else (),
        shares=shares,
        event_start_at=clock.event_start,
        event_end_at=clock.event_end,
        first_affected_at=None,
        twentieth_affected_at=None,
        p95_ratio=float("nan"),
        mean_ratio=float(during / before),
    )
