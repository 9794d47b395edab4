"""Runs the engine over a recording to its end, killed -9 as often as asked: `python -m … RECORDING STORE KILLS SEED`.

Imports once and forks for each life, so that fifty lives take seconds. A life tells each committed step; it is killed
after a random number of them and a random part of the next.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from correlator import catalog
from correlator.analysis.parameters import Parameters
from correlator.daemon.engine import Engine, Timing
from correlator.daemon.logs import configure_logs
from correlator.incidents.store import Store
from correlator.inquiry import Inquiry
from correlator.settings import LogLevel, LogSettings
from correlator.sources.recording import RecordingSource

SETTLE_SECONDS = 30.0
PARAMETERS = Parameters(window_steps=60)


def run_engine(recording: Path, store: Path, told: int | None = None) -> None:
    """One life: from where the store was left to the end of the recording."""
    source = RecordingSource(recording)
    oldest, newest = source.span(0.0)
    inquiry = Inquiry(source=source, signals=catalog.load(), parameters=PARAMETERS, tiers={})
    timing = Timing(settle=SETTLE_SECONDS, catch_up=newest - oldest, look_back=newest - oldest)
    engine = Engine(inquiry, lambda: Store.open(store), "", timing, lambda: newest + SETTLE_SECONDS)
    for _ in engine.cycle():
        if told is not None:
            os.write(told, b".")
    engine.close()


def live_and_die(recording: Path, store: Path, steps: int, delay_seconds: float) -> bool:
    """One life that is ended after `steps` committed steps and a moment; whether it came to the end before."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        run_engine(recording, store, tell)
        os._exit(0)
    os.close(tell)
    while steps > 0:
        heard = os.read(hear, steps)
        if not heard:
            break
        steps -= len(heard)
    time.sleep(delay_seconds)
    os.kill(child, signal.SIGKILL)
    os.close(hear)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(arguments: list[str]) -> None:
    """Kill as often as asked, then let it come to its end; tells how many lives were really cut short."""
    configure_logs(LogSettings(level=LogLevel.ERROR))
    recording, store = map(Path, arguments[:2])
    kills, seed = map(int, arguments[2:])
    grid = RecordingSource(recording).recording.frames.grid
    chance = random.Random(seed)
    cut = 0
    for _ in range(kills):
        steps = chance.randrange(2 * grid.count // max(kills, 1))
        cut += not live_and_die(recording, store, steps, chance.uniform(0.0, 0.03))
    run_engine(recording, store)
    print(cut)  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(sys.argv[1:])
