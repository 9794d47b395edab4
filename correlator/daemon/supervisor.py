"""The web process' side of the engine: starts its process, keeps what it reports, starts it again when it ends."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import structlog

import correlator
from correlator.daemon.messages import Answer, FromEngine, Question, Report, Start, Stop, ToEngine
from correlator.daemon.resident import resident_bytes
from correlator.model.finding import Finding
from correlator.model.snapshot import Snapshot
from correlator.model.source import SourceError
from correlator.model.topology import PodRef
from correlator.publish.status import EngineStatus

log = structlog.get_logger(__name__)

STOP_SECONDS = 5.0
EXPLAIN_SECONDS = 120.0
SILENT_SECONDS = 120.0
LONGEST_WAIT_SECONDS = 30.0
LATE_SECONDS = 120.0
"""How much older than a settled step the newest judged one may be before the daemon is called late."""


class Supervisor:
    """One engine process after the other, from `start` to `stop`. Its answers may be asked for from any thread."""

    def __init__(self, start: Start) -> None:
        self._start_message = start
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._stopping = threading.Event()
        self._sending = threading.Lock()
        self._pipe: Connection[ToEngine, FromEngine] | None = None
        self._status = EngineStatus(
            version=correlator.__version__,
            source="",
            demo=start.recording is not None,
            started_at=start.started_at,
            cluster=start.settings.cluster,
            problems=("the engine is starting",),
        )
        self._snapshot: Snapshot | None = None
        self._heard_at = time.monotonic()
        self._ended = ""
        self._numbers = count(1)
        self._questions: dict[int, Future[Finding | None]] = {}

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the engine process: asked first, forced after some seconds. Nothing that was judged is lost by force."""
        self._stopping.set()
        self._send(Stop())
        self._thread.join(STOP_SECONDS + 2)

    def snapshot(self) -> Snapshot | None:
        """The newest one; None before the first step."""
        return self._snapshot

    def status(self) -> EngineStatus:
        """What the engine reported last, with its age and what is known of its process now."""
        status = self._status
        now = datetime.now(UTC)
        problems = [self._ended] if self._ended else list(status.problems)
        lag = None if status.last_step_at is None else (now - status.last_step_at).total_seconds()
        silent = time.monotonic() - self._heard_at
        if not self._ended and silent > SILENT_SECONDS:
            problems.append(f"the engine has not reported for {silent:.0f} s")
        settle = self._start_message.settings.engine.settle.total_seconds()
        allowed = settle + LATE_SECONDS + 3 * (status.step_seconds or 0.0)
        if lag is not None and lag > allowed and not problems:
            problems.append(f"the newest judged step is {lag:.0f} s old")
        memory = status.resident_memory_bytes
        if (held := resident_bytes()) is not None:
            memory = (*memory, ("web", held))
        return replace(status, problems=tuple(problems), data_lag_seconds=lag, resident_memory_bytes=memory)

    def explain(self, victim: PodRef, at: datetime | None) -> Finding | None:
        """What the engine says of a victim; None where it knows none. Raises SourceError and TimeoutError."""
        number = next(self._numbers)
        future: Future[Finding | None] = Future()
        self._questions[number] = future
        try:
            if not self._send(Question(number, victim, at.timestamp() if at else None)):
                raise SourceError("the engine is not running: try again in a moment", retriable=True)
            return future.result(EXPLAIN_SECONDS)
        except TimeoutError as error:
            raise TimeoutError(f"the engine gave no answer within {EXPLAIN_SECONDS:.0f} s") from error
        finally:
            self._questions.pop(number, None)

    def _send(self, message: ToEngine) -> bool:
        with self._sending:
            if self._pipe is None:
                return False
            try:
                self._pipe.send(message)
            except OSError:
                return False
            return True

    def _supervise(self) -> None:
        """Run in the thread that starts the processes: a child ends with the thread that started it."""
        wait = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = self._run_one()
            if self._stopping.is_set():
                return
            wait = 1.0 if time.monotonic() - began > LONGEST_WAIT_SECONDS else min(wait * 2, LONGEST_WAIT_SECONDS)
            self._ended = (
                f"the engine's process ended unexpectedly ({_words(code)}): it is started again in {wait:.0f} s"
            )
            log.error(self._ended)
            self._fail_questions(self._ended)
            self._stopping.wait(wait)

    def _run_one(self) -> int:
        """One process from its beginning to its end; returns its exit code."""
        ours: Connection[ToEngine, FromEngine]
        ours, theirs = Pipe()
        with ours, theirs:
            command = [sys.executable, "-P", "-m", "correlator.daemon.engine_process"]
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*command, str(theirs.fileno()), str(os.getpid())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=2,  # nothing but results goes to stdout
            )
            theirs.close()
            with self._sending:
                self._pipe = ours
            self._send(self._start_message)
            try:
                self._hear(ours)
            finally:
                with self._sending:
                    self._pipe = None
                code = _end(process)
        return code

    def _hear(self, pipe: "Connection[ToEngine, FromEngine]") -> None:
        """Take what the engine says until it ends, or until it was given time enough to stop."""
        stop_by: float | None = None
        while True:
            if self._stopping.is_set():
                stop_by = stop_by or time.monotonic() + STOP_SECONDS
                if time.monotonic() > stop_by:
                    log.warning("the engine is stopped by force: it does not answer")
                    return
            try:
                if pipe.poll(0.2):
                    self._take(pipe.recv())
            except (EOFError, OSError):
                return

    def _take(self, message: FromEngine) -> None:
        self._heard_at = time.monotonic()
        match message:
            case Report():
                self._ended = ""
                self._status = message.status
                self._snapshot = message.snapshot or self._snapshot
            case Answer():
                future = self._questions.get(message.number)
                if future is None:
                    return
                if message.failure:
                    future.set_exception(SourceError(message.failure, retriable=True))
                else:
                    future.set_result(message.finding)

    def _fail_questions(self, reason: str) -> None:
        for future in list(self._questions.values()):
            if not future.done():
                future.set_exception(SourceError(reason, retriable=True))


def _end(process: "subprocess.Popen[bytes]") -> int:
    try:
        return process.wait(1.0)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _words(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
