"""The victim: a small inference server whose requests read model pages past the page cache before their first token.

A request waits for a prefill slot, reads pages of a large file on its volume (more of them for a longer prompt),
computes on the one accelerator (it sleeps: the machine has other work for its cores) and gives its first token; then it
decodes, and finishes.
It exports vLLM's own metrics, and writes each request's exact times to a file. It runs as a process of its own:
`python -m tests.lab.victim CONFIG.json`; each line on its standard input is a change, a JSON object with fields of
`VictimChange`.
"""

import asyncio
import contextlib
import json
import mmap
import os
import random
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from prometheus_client import generate_latest

from tests.lab.arrivals import Arrival, arrivals
from tests.lab.exporter import Exporter
from tests.lab.inference import RequestRecord, VictimConfig
from tests.lab.spec import VictimChange
from tests.lab.vllm_metrics import VllmMetrics

PAGE_BYTES = 64 * 1024
PAGES_PER_REQUEST, TOKENS_PER_PAGE, MOST_PAGES = 24, 48, 128
COMPUTE_SECONDS, COMPUTE_SECONDS_PER_TOKEN = 0.016, 11e-6
DECODE_SECONDS_PER_TOKEN = 0.012
LONGEST_PROMPT, LONGEST_ANSWER = 12_000, 120


class ModelFile:
    """A file of model pages, read at random and past the page cache."""

    def __init__(self, path: str, slots: int, seed: int) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECT)
        self._page_count = os.fstat(self._descriptor).st_size // PAGE_BYTES
        self._rng = random.Random(seed)
        self._threads = ThreadPoolExecutor(slots)

    async def read_pages(self, count: int) -> None:
        """Read so many random pages, one after the other."""
        offsets = [self._rng.randrange(self._page_count) * PAGE_BYTES for _ in range(count)]
        await asyncio.get_running_loop().run_in_executor(self._threads, self._read, offsets)

    def _read(self, offsets: list[int]) -> None:
        with mmap.mmap(-1, PAGE_BYTES) as page:
            for offset in offsets:
                os.preadv(self._descriptor, [page], offset)


class Victim:
    """One server: its slots, its clock of arrivals, what has been changed about it."""

    def __init__(self, config: VictimConfig, log: TextIO) -> None:
        self._config = config
        self._log = log
        self._metrics = VllmMetrics(config.model_name)
        self._model = ModelFile(config.model_file, config.slots, config.seed)
        self._slots = asyncio.Semaphore(config.slots)
        self._accelerator = asyncio.Lock()
        self._change = VictimChange()
        self._unhung = asyncio.Event()
        self._unhung.set()
        self._open: dict[int, Arrival] = {}
        self._arrived_at: dict[int, float] = {}

    def apply(self, change: VictimChange) -> None:
        """Take on a change of load or of compute."""
        self._change = change
        if change.hangs:
            self._unhung.clear()
        else:
            self._unhung.set()

    async def serve(self) -> None:
        """Take requests as they arrive, for ever."""
        due = time.monotonic()
        async with asyncio.TaskGroup() as requests:
            for number, arrival in enumerate(arrivals(self._config.mean_rate, random.Random(self._config.seed))):
                due += arrival.gap_seconds / self._change.rate_factor
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                requests.create_task(self._handle(number, arrival))

    def write_unanswered(self) -> None:
        """Log the requests that never had a first token."""
        for number, arrival in self._open.items():
            nominal = _compute_seconds(arrival.prompt_tokens)
            record = RequestRecord(self._arrived_at[number], None, arrival.prompt_tokens, 0, 0.0, 0.0, 0.0, nominal)
            self._write(record)
        self._log.flush()

    async def _handle(self, number: int, arrival: Arrival) -> None:
        arrived_at = time.time()
        self._open[number] = arrival
        self._arrived_at[number] = arrived_at
        usual_tokens = min(LONGEST_PROMPT, arrival.prompt_tokens)
        prompt_tokens = min(LONGEST_PROMPT, round(usual_tokens * self._change.prompt_factor))
        generated_tokens = max(1, min(LONGEST_ANSWER, arrival.generated_tokens))
        with self._metrics.waiting():
            await self._slots.acquire()
        queue_seconds = time.time() - arrived_at
        with self._metrics.running():
            try:
                record = await self._prefill(arrived_at, queue_seconds, prompt_tokens, usual_tokens)
            finally:
                self._slots.release()
            del self._open[number], self._arrived_at[number]
            self._write(record)
            first_token_at = time.time()
            self._metrics.first_token(first_token_at - arrived_at, prompt_tokens)
            await asyncio.sleep(generated_tokens * DECODE_SECONDS_PER_TOKEN)
        self._metrics.finished(
            prompt_tokens=prompt_tokens,
            generated_tokens=generated_tokens,
            is_cut=arrival.generated_tokens > LONGEST_ANSWER,
            queue_seconds=queue_seconds,
            prefill_seconds=record.read_seconds + record.compute_seconds,
            decode_seconds=time.time() - first_token_at,
            total_seconds=time.time() - arrived_at,
        )

    async def _prefill(
        self, arrived_at: float, queue_seconds: float, prompt_tokens: int, usual_tokens: int
    ) -> RequestRecord:
        await self._unhung.wait()
        pages = min(MOST_PAGES, PAGES_PER_REQUEST + prompt_tokens // TOKENS_PER_PAGE)
        read_from = time.time()
        await self._model.read_pages(pages)
        compute_from = time.time()
        async with self._accelerator:
            await asyncio.sleep(_compute_seconds(prompt_tokens) * self._change.compute_factor)
            await self._unhung.wait()
        first_token_at = time.time()
        return RequestRecord(
            arrived_at=arrived_at,
            first_token_at=first_token_at,
            prompt_tokens=prompt_tokens,
            pages=pages,
            queue_seconds=queue_seconds,
            read_seconds=compute_from - read_from,
            compute_seconds=first_token_at - compute_from,
            nominal_compute_seconds=_compute_seconds(usual_tokens),
        )

    def _write(self, record: RequestRecord) -> None:
        self._log.write(json.dumps(asdict(record)) + "\n")


def _compute_seconds(prompt_tokens: int) -> float:
    return COMPUTE_SECONDS + prompt_tokens * COMPUTE_SECONDS_PER_TOKEN


async def run(config: VictimConfig, log: TextIO) -> None:
    """Serve until the standard input ends."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    victim = Victim(config, log)
    # Asked for OpenMetrics, the client library would write underscores for the colons of vLLM's names.
    with Exporter({"/metrics": lambda _: generate_latest().decode()}, config.port):
        await _serve(victim, lines)


async def _serve(victim: Victim, lines: asyncio.StreamReader) -> None:
    serving = asyncio.create_task(victim.serve())
    changing = asyncio.create_task(_take_changes(victim, lines))
    await asyncio.wait({serving, changing}, return_when=asyncio.FIRST_COMPLETED)
    victim.write_unanswered()
    if serving.done():
        traceback.print_exception(serving.exception())
    # Threads that hang in a read of a frozen volume would hold up an orderly end.
    os._exit(int(serving.done()))


async def _take_changes(victim: Victim, lines: asyncio.StreamReader) -> None:
    while line := await lines.readline():
        victim.apply(VictimChange(**json.loads(line)))


def main(config_file: Path) -> None:
    """The victim process."""
    config = VictimConfig(**json.loads(config_file.read_text()))
    # Tens of reads follow one another in a request: waiting for a core after each would look like a slow volume.
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    with Path(config.request_log).open("w", buffering=1 << 16) as log:
        asyncio.run(run(config, log))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
