"""The engine's loop: what is due, what went wrong, what others ask in between."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection

import structlog

import correlator
from correlator.analysis.evaluate import Evaluation
from correlator.catalog import CatalogueError
from correlator.daemon.composition import cluster_of, inquiry_of, kubernetes_stock, live_source, signals_of
from correlator.daemon.engine import Engine, Timing
from correlator.daemon.messages import Answer, FromEngine, Question, Report, Start, Stop, ToEngine
from correlator.daemon.resident import give_back, resident_bytes, settle
from correlator.incidents.errors import StoreError
from correlator.incidents.store import Store
from correlator.inquiry import Inquiry, explain
from correlator.inquiry.inventory import (
    found_in,
    inventory_of,
    shortened,
    with_kubernetes,
    with_servers,
    with_symptoms,
)
from correlator.kubernetes.census import remedies_of
from correlator.kubernetes.cluster import Cluster
from correlator.kubernetes.source import KubernetesSource
from correlator.model.inventory import Inventory
from correlator.model.snapshot import Snapshot
from correlator.model.source import Source, SourceError
from correlator.publish.status import EngineStatus
from correlator.sources.census import server_found
from correlator.sources.demo import DemoSource
from correlator.sources.prometheus import PrometheusSource
from correlator.sources.recording import read_recording
from correlator.sources.several import SeveralSources

log = structlog.get_logger(__name__)

REPORT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0
PRUNE_SECONDS = 3600.0
STOCK_SECONDS = 300.0
BEHIND_STEPS = 3
"""So many steps may wait without the daemon being called behind."""


class Loop:
    """Runs the engine until told to stop. Whatever fails is said in the status, and tried again."""

    def __init__(self, start: Start, pipe: "Connection[FromEngine, ToEngine]", clock: Callable[[], float]) -> None:
        self._start = start
        self._pipe = pipe
        self._clock = clock
        self._stopping = False
        self._engine: Engine | None = None
        self._inquiry: Inquiry | None = None
        self._cluster: Cluster | None = None
        self._last: Evaluation | None = None
        self._reported_at = 0.0
        self._reported_step: int | None = None
        self._pruned_at = 0.0
        self._live: PrometheusSource | SeveralSources | None = None
        self._stock: Inventory | None = None
        self._stock_at = -STOCK_SECONDS
        self._failures = 0
        self._problem = ""
        self._last_cycle_at: datetime | None = None
        self._cycle_seconds: float | None = None
        self._requests = {"success": 0, "error": 0}
        self._store_errors = 0

    def stop(self) -> None:
        """Finish the step in hand and end."""
        self._stopping = True

    def run(self) -> None:
        """Until stopped. Raises EOFError or OSError when nobody is at the other end any more."""
        self._report()
        while not self._stopping:
            self._cycle()
            self._report()
            self._listen(self._pause())
        if self._cluster is not None:
            self._cluster.close()
        if self._engine is not None:
            self._engine.close()

    def _cycle(self) -> None:
        """Judge what is due. The only place that catches whatever happens: it is said, and the loop goes on."""
        began = time.monotonic()
        try:
            self._judge_due()
            self._prune()
        except SourceError as error:
            self._requests["error"] += 1
            self._failed(str(error))
        except StoreError as error:
            self._store_errors += 1
            self._failed(f"the store cannot be written: {error}")
        except CatalogueError as error:
            self._failed(f"the catalogue of signals cannot be used: {error}")
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            log.exception("a cycle failed")
            self._failed(f"a cycle failed: {type(error).__name__}: {error}")
        else:
            self._succeeded(time.monotonic() - began)

    def _judge_due(self) -> None:
        if self._engine is None:
            self._compose()
        assert self._engine is not None  # noqa: S101 - composed above
        before = self._last
        for evaluation in self._engine.cycle():
            if self._last is None:
                settle()  # the window is full and stays so
            self._last = evaluation
            self._requests["success"] += 1
            if time.monotonic() - self._reported_at >= REPORT_SECONDS:
                self._report()
            self._engine.tidy_series()
            self._listen(0)
            if self._stopping:
                return
        if self._last is not before:
            self._take_stock()
            give_back()

    def _compose(self) -> None:
        settings, recording = self._start.settings, self._start.recording
        signals = signals_of(settings)
        source: Source
        if recording is None:
            live = self._live = live_source(settings, signals, retries=1)
            self._cluster = self._cluster or self._follow_cluster()
            source = KubernetesSource(live, self._cluster) if self._cluster else live
            self._inquiry = inquiry_of(settings, source, signals)
            live.require_answer()
        else:
            source = DemoSource(read_recording(recording), self._start.started_at.timestamp())
            self._inquiry = inquiry_of(settings, source, signals)
        now = self._clock()
        oldest, newest = source.span(now)
        timing = Timing(
            settle=max(settings.engine.settle.total_seconds(), now - newest),
            catch_up=settings.engine.catch_up.total_seconds(),
            look_back=newest - oldest if recording else 0.0,
        )
        location = settings.store.location
        self._engine = Engine(self._inquiry, lambda: Store.open(location), settings.cluster, timing, self._clock)

    def _take_stock(self) -> None:
        """What `correlator check` tells, of the newest window; now and then, since installations change slowly."""
        looked = self._engine.look() if self._engine and self._inquiry else None
        if looked is None or self._inquiry is None or time.monotonic() - self._stock_at < STOCK_SECONDS:
            return
        self._stock_at = time.monotonic()
        signals, (frames, topology) = self._inquiry.signals, looked
        found = found_in(signals, frames)
        step = None if self._engine is None else self._engine.step_seconds
        stock = inventory_of(self._inquiry.source.name, signals, found, frames, topology, step)
        stock = with_symptoms(stock, self._inquiry.parameters.symptoms, signals, frames, topology)
        servers = [server_found(name, each) for name, each in self._live.named().items()] if self._live else []
        stock = with_servers(stock, servers, ())
        if self._live is not None:
            asked = self._start.settings.kubernetes
            kubernetes = kubernetes_stock(asked, self._cluster, self._inquiry.source)
            stock = with_kubernetes(stock, kubernetes, remedies_of(kubernetes))
        self._stock = shortened(stock)

    def _follow_cluster(self) -> Cluster | None:
        cluster = cluster_of(self._start.settings.kubernetes)
        if cluster is not None:
            cluster.start()
        return cluster

    def _prune(self) -> None:
        if self._engine is not None and time.monotonic() - self._pruned_at >= PRUNE_SECONDS:
            self._pruned_at = time.monotonic()
            store = self._start.settings.store
            pruned = self._engine.prune(store.retention)
            hours = self._engine.prune_series(store.series_retention, store.series_max_bytes)
            if pruned or hours:
                log.info("what is old is deleted", incidents=pruned, hours_of_series=hours)

    def _failed(self, problem: str) -> None:
        if problem != self._problem:
            log.warning(problem)
        self._problem = problem
        self._failures += 1

    def _succeeded(self, seconds: float) -> None:
        if self._problem:
            log.info("well again", after=self._problem)
        self._problem = ""
        self._failures = 0
        self._last_cycle_at = datetime.fromtimestamp(self._clock(), UTC)
        self._cycle_seconds = seconds

    def _pause(self) -> float:
        if self._failures:
            return min(LONGEST_WAIT_SECONDS, 2.0 ** (self._failures - 1))
        return max(0.2, self._engine.next_due() - self._clock()) if self._engine else 1.0

    def _listen(self, seconds: float) -> None:
        """Answer what is asked within so many seconds, and one question of those that wait then; report now and then.

        Whoever asks on and on delays a step by an answer, and does not keep it from being judged.
        """
        until = time.monotonic() + seconds
        while not self._stopping:
            left = until - time.monotonic()
            if self._pipe.poll(max(0.0, min(left, REPORT_SECONDS))):
                self._take(self._pipe.recv())
            elif left > 0:
                self._report()
            if left <= 0:
                return

    def _take(self, message: ToEngine) -> None:
        match message:
            case Question():
                self._pipe.send(self._answer(message))
            case Stop():
                self._stopping = True
            case Start():
                raise AssertionError("an engine process is started once")

    def _answer(self, question: Question) -> Answer:
        if self._engine is None or self._inquiry is None:
            return Answer(question.number, failure=self._problem or "the engine has not begun yet")
        try:
            if question.at is None:
                return Answer(question.number, self._engine.explain(question.victim))
            return Answer(question.number, explain(self._inquiry, question.victim, question.at).finding)
        except SourceError as error:
            return Answer(question.number, failure=str(error))
        except Exception as error:
            log.exception("an explanation failed")
            return Answer(question.number, failure=f"{type(error).__name__}: {error}")

    def _report(self) -> None:
        snapshot: Snapshot | None = None
        if self._last is not None and self._last.at != self._reported_step:
            snapshot, self._reported_step = self._last.snapshot, self._last.at
        self._pipe.send(Report(self._status(), snapshot))
        self._reported_at = time.monotonic()

    def _status(self) -> EngineStatus:
        last = self._last.snapshot if self._last else None
        return EngineStatus(
            version=correlator.__version__,
            source=self._inquiry.source.name if self._inquiry else "",
            demo=self._start.recording is not None,
            started_at=self._start.started_at,
            cluster=self._start.settings.cluster,
            last_cycle_at=self._last_cycle_at,
            last_step_at=last.at if last else None,
            cycle_duration_seconds=self._cycle_seconds,
            data_lag_seconds=self._clock() - last.at.timestamp() if last else None,
            step_seconds=self._engine.step_seconds if self._engine else None,
            problems=tuple(self._problems()),
            signals=last.signals if last else (),
            blind_spots=last.blind_spots if last else (),
            inventory=self._stock,
            source_requests=tuple(sorted(self._requests.items())),
            store_errors=self._store_errors,
            resident_memory_bytes=(("engine", held),) if (held := resident_bytes()) is not None else (),
        )

    def _problems(self) -> list[str]:
        problems = [self._problem] if self._problem else []
        behind = self._engine.steps_behind() if self._engine else 0
        if behind > BEHIND_STEPS:
            problems.append(f"catching up: {behind} steps are not judged yet")
        return problems
