"""A daemon that is killed with -9 again and again ends with the store of one that never was."""

import hashlib
import multiprocessing
import os
import random
import signal
import sqlite3
from collections.abc import Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine, event

from correlator.incidents.book import Book, advance
from correlator.incidents.store import Store
from correlator.model.finding import Finding, Verdict
from correlator.timeseries.exported import Exported, Family
from correlator.timeseries.keeper import Keeper
from tests.unit.incidents.findings import BEGIN, culprit, finding, swift_folder

KILLS = 50
STEPS = 700
SECONDS = 15
VICTIMS = tuple(f"vllm-{number}" for number in range(6))
VOLUMES = (None, "disk:n1:sda", "disk:n2:sda", "disk:n3:sda")
TABLES = (
    "incidents incident_keys incident_bodies incident_evidence episodes events progress incident_counts event_sequence "
    "series_steps series_blocks series_names"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the stores are. A kill takes no page from the kernel, so memory is as good as a disk."""
    with swift_folder() as name:
        yield Path(name)


def test_fifty_kills_lose_and_double_nothing(folder: Path) -> None:
    """Killed 50 times, within transactions and between them, the store equals an uninterrupted one to the last row."""
    live(folder / "quiet.db")
    rng = random.Random(50)
    for number in range(KILLS):
        inside = number % 2 == 0
        kill_once(
            folder / "killed.db",
            after_statements=rng.randint(1, 200) if inside else None,
            after_steps=None if inside else rng.randint(0, 16),
        )
    live(folder / "killed.db")
    quiet, killed = contents(folder / "quiet.db"), contents(folder / "killed.db")
    assert {name: len(rows) for name, rows in killed.items()} == {name: len(rows) for name, rows in quiet.items()}
    assert killed == quiet
    assert len(quiet["events"]) > STEPS / 2


def kill_once(path: Path, after_statements: int | None, after_steps: int | None) -> None:
    """Let a process live on the store and kill it: by itself before a statement, or from outside after some steps."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=live, args=(path, after_statements, after_steps, theirs))
    process.start()
    theirs.close()
    if after_steps is not None:
        for _ in range(after_steps):
            ours.recv()
        process.kill()
    process.join()
    ours.close()
    assert process.exitcode == -signal.SIGKILL


def live(
    path: Path, statements: int | None = None, steps: int | None = None, progress: Connection | None = None
) -> None:
    """What the daemon does: resume, then step after step to the end of the story.

    A life that is to be killed after some steps lies still after one more: it cannot come to the end before.
    """
    if statements is not None:
        die_before_statement(statements)
    with Store.open(path) as store:
        resumed = store.resume("c")
        book = resumed.book if resumed else Book(cluster="c")
        memory = resumed.memory if resumed else b'{"open":{},"digest":""}'
        keeper = Keeper(store.database, "c")
        due = range(resumed.step + SECONDS if resumed else BEGIN, BEGIN + STEPS * SECONDS, SECONDS)
        for number, at in enumerate(due):
            findings, memory = engine(at, memory)
            step = advance(book, at, findings)
            store.commit_step(step, memory, partial(keeper.append, step=at, exported=series(at)))
            keeper.appended()
            keeper.pack(at)
            book = step.book
            if progress is not None:
                progress.send(at)
            while steps is not None and number >= steps:
                signal.pause()


def series(at: int) -> Exported:
    """Some pods' first tokens; pods come and go."""
    rng = random.Random(at // 60)
    values: dict[tuple[str, ...], float] = {(f"vllm-{rng.randrange(9)}",): rng.randrange(1000) / 1000 for _ in range(5)}
    return {"correlator_victim_ttft_seconds": Family(("pod",), values)} if at % 90 else {}


def engine(at: int, memory: bytes) -> tuple[list[Finding], bytes]:
    """Made-up judgement that depends on the step and on its memory alone; a step lost or doubled changes the digest."""
    remembered = orjson.loads(memory)
    follows: dict[str, int] = remembered["open"]
    rng = random.Random(at)
    told = list(_words(at - BEGIN, follows, rng))
    digest = hashlib.sha256(f"{remembered['digest']} {at}".encode()).hexdigest()
    return told, orjson.dumps({"open": follows, "digest": digest})


def _words(now: int, follows: dict[str, int], rng: random.Random) -> Iterator[Finding]:
    for victim in VICTIMS:
        chance, volume, verdict = rng.random(), rng.choice(VOLUMES), rng.choice(list(Verdict))
        accused = [culprit(f"rag/reindex-{rng.randrange(3)}")]
        if victim not in follows and chance < 0.1:
            follows[victim] = now
            yield finding(victim, now, verdict=verdict, volume=volume, suspects=accused)
        elif victim in follows and chance < 0.1:
            yield finding(victim, follows.pop(victim), at=now, ended=now - 15, volume=volume, suspects=accused)
        elif victim in follows and chance < 0.25:
            yield finding(victim, follows[victim], at=now, verdict=verdict, volume=volume, suspects=accused)


def die_before_statement(number: int) -> None:
    """Kill this process before the database is told its `number`-th statement, COMMIT and BEGIN included."""
    left = [number]

    def count(*_: object) -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "begin", "commit"):
        event.listen(Engine, moment, count)


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    connection = sqlite3.connect(path)
    try:
        return {name: sorted(connection.execute(f"SELECT * FROM {name}")) for name in TABLES.split()}  # noqa: S608 - ours
    finally:
        connection.close()
