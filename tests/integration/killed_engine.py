"""Runs the engine over a recording, killed -9 as often as asked: `python -m … RECORDING STORE KILLS SEED`.

Imports once and forks for each life, so that fifty lives take seconds. A life is killed a random moment after a random
step; it tells each step that it has committed and lies still after the one that follows, so that however slow the
machine is, it cannot come to the end before its kill. Every fifth life is killed a moment after its birth.
"""

import os
import random
import signal
import struct
import sys
import time
from pathlib import Path

from correlator import catalog
from correlator.daemon.engine import Engine, Timing
from correlator.daemon.logs import configure_logs
from correlator.incidents.store import Store
from correlator.inquiry import Inquiry
from correlator.settings import LogLevel, LogSettings
from correlator.sources.recording import RecordingSource
from tests.calibrated import calibrated

SETTLE_SECONDS = 30.0
PARAMETERS = calibrated(window_steps=60)
AT_BIRTH = 5
LONGEST_DELAY_SECONDS = 0.03
_TOLD = struct.Struct("q")


def run_engine(recording: Path, store: Path, told: int | None = None, target: int = 0) -> None:
    """One life: from where the store was left to the end of the recording, or to lie still past the target."""
    source = RecordingSource(recording)
    oldest, newest = source.span(0.0)
    inquiry = Inquiry(source=source, signals=catalog.load(), parameters=PARAMETERS, tiers={})
    timing = Timing(settle=SETTLE_SECONDS, catch_up=newest - oldest, look_back=newest - oldest)
    engine = Engine(inquiry, lambda: Store.open(store), "", timing, lambda: newest + SETTLE_SECONDS)
    for evaluation in engine.cycle():
        if told is not None:
            os.write(told, _TOLD.pack(evaluation.at))
            while evaluation.at > target:
                signal.pause()
    engine.close()


def live_and_die(recording: Path, store: Path, target: int | None, reached: int, delay_seconds: float) -> int:
    """One life that is killed a moment after the step `target`, or after its birth; the newest step it told.

    `reached` is the newest step that is known to be committed. Raises RuntimeError for a life that ended by itself.
    """
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        run_engine(recording, store, tell, target or reached)
        os._exit(0)
    os.close(tell)
    while target is not None and reached < target:
        heard = os.read(hear, _TOLD.size)
        if not heard:
            break
        (reached,) = _TOLD.unpack(heard)
    time.sleep(delay_seconds)
    os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(hear)
    if status != -signal.SIGKILL:
        raise RuntimeError(f"a life ended by itself, with {status}")
    return reached


def main(arguments: list[str]) -> None:
    """Kill as often as asked, then let it come to its end; tells how many lives were cut short."""
    configure_logs(LogSettings(level=LogLevel.ERROR))
    recording, store = map(Path, arguments[:2])
    kills, seed = map(int, arguments[2:])
    grid = RecordingSource(recording).recording.frames.grid
    chance = random.Random(seed)
    births = kills // AT_BIRTH
    # Each kill leaves at most two steps after its target behind: some are left for the last life.
    targets = sorted(chance.sample(range(grid.count - births - 3), kills - births))
    reached = grid.start - grid.step
    for number in range(kills):
        target = None if number % AT_BIRTH == 0 else grid.start + targets.pop(0) * grid.step
        reached = live_and_die(recording, store, target, reached, chance.uniform(0.0, LONGEST_DELAY_SECONDS))
    run_engine(recording, store)
    print(kills)  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(sys.argv[1:])
