"""What people wait for: lists among 100,000 stored incidents, and `/metrics` with 20,000 series.

`python -m tests.bench.answers` asks the application itself, so that the figures are its own and not those of a socket.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from correlator.daemon import resident
from correlator.incidents.codec import pack
from correlator.incidents.database import Database
from correlator.incidents.lifecycle import stable_id
from correlator.incidents.reader import Incidents
from correlator.incidents.rows import episode_values, incident_values, keys_of
from correlator.incidents.store import Store
from correlator.incidents.tables import BodyRow, EpisodeRow, IncidentRow, KeyRow
from correlator.model.finding import Verdict
from correlator.model.incident import Episode, Incident, State
from correlator.model.snapshot import Snapshot
from correlator.web.app import create_app
from correlator.web.state import WebState
from tests.bench import machine
from tests.factories import make_bystander, make_incident, make_suspect, make_victim, make_volume
from tests.kept import KeptSeries
from tests.snapshots import make_snapshot, make_victim_now, make_volume_now
from tests.unit.web.fakes import make_status

INCIDENTS: Final = 100_000
OPEN: Final = 50
PODS: Final = 1_000
VOLUMES: Final = 2_720
"""Four or five series each, with 1,000 victims of eight: 20,000 series."""

RUNS: Final = 200
BEGIN: Final = datetime(2026, 9, 1, tzinfo=UTC)
VERDICTS = tuple(Verdict)


def incidents() -> Iterator[Incident]:
    """All of them, three minutes apart, with a handful of suspects each."""
    for number in range(INCIDENTS):
        detected = BEGIN + number * timedelta(seconds=75)
        is_open = number >= INCIDENTS - OPEN
        node = f"node-{number % 500:04d}"
        identity = stable_id("bench", number)
        yield make_incident(
            id=identity,
            episode_id=identity,
            state=State.OPEN if is_open else State.RESOLVED,
            verdict=VERDICTS[number % len(VERDICTS)],
            confidence=(number % 100) / 100,
            started_at=detected - timedelta(seconds=60),
            detected_at=detected,
            updated_at=detected + timedelta(minutes=10),
            ended_at=None if is_open else detected + timedelta(minutes=9),
            victim=make_victim(pod=f"vllm-{number % PODS}", namespace=f"team-{number % 20}", node=node),
            volume=make_volume(id=f"disk:{node}:nvme0n1", name=f"{node}/nvme0n1", node=node),
            suspects=(
                make_suspect(namespace="data", pod=f"reindex-{number % 300}", workload=f"Job/reindex-{number % 30}"),
                *(make_bystander(pod=f"worker-{number % 700}-{place}") for place in range(4)),
            ),
            feedback=None,
        )


def fill(database: Database) -> None:
    """As the store has them after months."""
    rows: dict[type, list[Mapping[str, object]]] = {BodyRow: [], IncidentRow: [], KeyRow: [], EpisodeRow: []}
    for number, incident in enumerate(incidents(), start=1):
        values = incident_values(incident)
        detected: Any = values["detected_us"]
        rows[IncidentRow].append({**values, "counted_verdicts": incident.verdict.value})
        rows[BodyRow].append({"incident_id": incident.id, "body": pack(incident), "feedback": None})
        rows[KeyRow] += [
            {"kind": kind, "key": key, "detected_us": detected, "incident_id": incident.id}
            for kind, key in keys_of(incident)
        ]
        episode = Episode(
            id=incident.id, cluster="", state=incident.state, verdict=incident.verdict, started_at=incident.started_at,
            ended_at=incident.ended_at, volume_ids=(), culprits=(), incident_ids=(incident.id,),
        )  # fmt: skip
        rows[EpisodeRow].append(episode_values(episode, detected, detected))
        if number % 5_000 == 0:
            with database.write() as connection:
                for table, values_of in rows.items():
                    connection.execute(insert(table), values_of)
            rows = {table: [] for table in rows}


def large_snapshot() -> Snapshot:
    """Volumes and victims with readings of as many digits as real ones have."""
    rng = np.random.default_rng(5)
    some = rng.uniform(0.01, 0.9, (VOLUMES, 4)).tolist()
    volumes = tuple(
        make_volume_now(
            id=f"disk:{number}", name=f"node-{number // 8:04d}/nvme{number % 8}n1", node=f"node-{number // 8:04d}",
            device=f"nvme{number % 8}n1", utilization_ratio=row[0], queue_depth=row[1], read_latency_seconds=row[2],
            write_latency_seconds=row[3], pods=(),
        )
        for number, row in enumerate(some)
    )  # fmt: skip
    template = make_victim_now()
    seconds = rng.uniform(0.02, 0.4, (PODS, len(template.ttft), 2)).tolist()
    victims = tuple(
        replace(
            template,
            pod=f"vllm-7d9f8b6c5d-{number:05d}",
            ttft=tuple(
                replace(ttft, observed_seconds=observed, baseline_seconds=baseline)
                for ttft, (observed, baseline) in zip(template.ttft, readings, strict=True)
            ),
        )
        for number, readings in enumerate(seconds)
    )
    return make_snapshot(volumes=volumes, victims=victims)


QUESTIONS: Mapping[str, str] = {
    "incidents, first page": "",
    "incidents, open": "state=open",
    "incidents of a verdict": "verdict=contention",
    "incidents of a namespace": "namespace=team-7",
    "incidents of a pod": "pod=vllm-77",
    "incidents of a suspect": "suspect=Job/reindex-7",
    "incidents of a suspect on a node": "suspect=Job/reindex-7&node=node-0007",
    "incidents of a volume": "volume=node-0007/nvme0n1",
    "incidents, sure ones": "min_confidence=0.99",
    "incidents of a month": "since=2026-10-01T00:00:00Z&until=2026-11-01T00:00:00Z",
    "incidents, nothing found": "pod=nobody&min_confidence=0.5",
}


class Client:
    """Asks an application within this process, without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def get(self, path: str, query: str = "") -> bytes:
        """The body of the answer, which has to be a good one."""
        parts: list[bytes] = []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(b"host", b"bench")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
        }  # fmt: skip

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - what ASGI sends
            if message["type"] == "http.response.start":
                assert message["status"] == 200, (path, query, message)
            parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return b"".join(parts)


async def timed(ask: Callable[[], Any], runs: int = RUNS) -> dict[str, float]:
    """Median and 99th percentile, by the clock and by the core."""
    await ask()
    taken = []
    for _ in range(runs):
        begin = machine.now()
        await ask()
        taken.append(machine.now() - begin)
    return percentiles(taken)


def percentiles(taken: Sequence[machine.Seconds]) -> dict[str, float]:
    """Median and 99th percentile."""
    found = {}
    for name, values in (("busy", [each.busy for each in taken]), ("wall", [each.wall for each in taken])):
        found[f"{name}_median"], found[f"{name}_p99"] = (float(np.quantile(values, q)) for q in (0.5, 0.99))
    return found


async def lists(client: Client) -> dict[str, dict[str, float]]:
    """Each question, and one of deep pages: a thousand pages into the past."""
    path = "/api/v1/incidents"
    found = {name: await timed(lambda query=query: client.get(path, query)) for name, query in QUESTIONS.items()}  # type: ignore[misc]
    taken, cursor = [], ""
    for number in range(1_000):
        begin = machine.now()
        page = await client.get(path, f"cursor={cursor}" if cursor else "")
        taken.append(machine.now() - begin)
        cursor = orjson.loads(page)["next_cursor"]
        if cursor is None:
            assert number == INCIDENTS // 100 - 1
    return found | {"incidents, page after page to the last": percentiles(taken)}


def measured() -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "correlator.db"
        database = Database.open(path)
        fill(database)
        with Store(database) as store:
            store.prune(BEGIN - timedelta(days=1))
        with Incidents.open(path) as reader:
            snapshot = large_snapshot()
            state = WebState(
                snapshot=lambda: replace(snapshot),  # another one each time: what was written of the last is of no use
                incidents=reader,
                status=make_status,
                explain=lambda _victim, _at: None,
                series=KeptSeries(),
            )
            client = Client(create_app(state))
            resident.settle()  # as the daemon does before it answers
            listed = asyncio.run(lists(client))
            body = asyncio.run(client.get("/metrics"))
            series = sum(not line.startswith(b"#") for line in body.splitlines())
            metrics = asyncio.run(timed(lambda: client.get("/metrics"), 40))
            return {"answers": {**listed, f"/metrics with {series:,} series": metrics}}


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print them."""
    table = Table("answer", "core busy: median", "p99", "by the clock: median", "p99")
    table.title = f"answers with {INCIDENTS:,} stored incidents"
    for name, taken in figures["answers"].items():
        columns = ("busy_median", "busy_p99", "wall_median", "wall_p99")
        table.add_row(name, *(f"{taken[column] * 1000:,.1f} ms" for column in columns))
    console.print(table)


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        machine.one_core()
        machine.report(measured())
