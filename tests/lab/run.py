"""Running a scenario from the first device to the truth, alone on the machine, and cleaning up whatever happens."""

import contextlib
import fcntl
import json
import logging
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from tests.lab.blame import Turns
from tests.lab.cgroups import Hierarchies, find_hierarchies, remove_stale_groups
from tests.lab.devices import call, remove_stale_devices
from tests.lab.errors import LabError
from tests.lab.impact import read_requests
from tests.lab.observation import Observation, Observer
from tests.lab.scenarios import SCENARIOS
from tests.lab.spec import Scenario, VictimChange
from tests.lab.stage import CADVISOR_PATH, Ground, Stage, set_up
from tests.lab.timeline import Phases, StreamActions, Turn, play, stream_turns
from tests.lab.truth import Evidence, Setting, truth_of

DEFAULT_BASE = Path("/var/tmp")  # noqa: S108 (the names below it are unguessable, and /tmp may be memory)
LOCK = Path("/run/lock/correlator-lab.lock")
WARM_UP_SECONDS = 8.0
# cAdvisor is lost a little before the event, so that no scrape shows its first seconds.
CADVISOR_LEAD_SECONDS = 8.0
_log = logging.getLogger("lab")


@dataclass(frozen=True)
class LabRun:
    """A finished run whose Prometheus still answers; `start` and `end` are seconds since the epoch."""

    prometheus_url: str
    truth: dict[str, Any]
    start: float
    end: float


@contextlib.contextmanager
def running_lab(
    scenario: str,
    out_dir: Path,
    *,
    scrape_seconds: float = 1.0,
    seed: int = 1,
    scale: float | None = None,
    base: Path = DEFAULT_BASE,
) -> Iterator[LabRun]:
    """Play a scenario to its end, then hand it over while its Prometheus is up.

    In `out_dir` stay truth.json, the Prometheus data, the victim's requests, the counters and the logs. Only one lab
    runs on a machine at a time; another one waits.
    """
    require_abilities()
    spec = SCENARIOS[scenario]
    setting = Setting(seed, scrape_seconds, scale if scale is not None else max(1.0, scrape_seconds / 2))
    out_dir.mkdir(parents=True, exist_ok=True)
    if any(out_dir.iterdir()):
        raise LabError(f"{out_dir} is not empty: a run needs a directory of its own")
    with alone_on_this_machine(), contextlib.ExitStack() as stack:
        hierarchies = tidy(base)
        stack.callback(remove_stale_groups, hierarchies)
        _log.info("%s: setting up", scenario)
        stage = set_up(spec, Ground(out_dir.resolve(), base, hierarchies), setting, stack)
        run = _perform(spec, stage, out_dir, setting)
        (out_dir / "truth.json").write_text(json.dumps(run.truth, indent=2) + "\n")
        ratio, is_valid = run.truth["ttft"]["p95_ratio"], run.truth["impact_validated"]
        _log.info("%s: TTFT p95 %.2f times that of the quiet phase, validated: %s", scenario, ratio, is_valid)
        yield run


def record(run: LabRun, out_dir: Path, template: str | None = None) -> None:
    """Save the run's frames with `correlator record`, or with the command given; without either, do nothing."""
    command_line = Path(sys.executable).with_name("correlator")
    if template is None:
        if not command_line.exists():
            return
        template = f"{command_line} record --prometheus-url {{url}} --start {{start}} --end {{end}} -o {{out}}"
    words = {
        "url": run.prometheus_url,
        "start": _instant(run.start),
        "end": _instant(run.end),
        "out": str(out_dir / "recording.zip"),
    }
    command = [word.format(**words) for word in shlex.split(template)]
    settled = {**os.environ, "CORRELATOR_ENGINE__SETTLE": "1s"}  # no scrape is late here, and the end is just past
    finished = subprocess.run(command, check=False, capture_output=True, text=True, env=settled)
    if finished.returncode != 0:
        _log.warning("%s failed: %s", shlex.join(command), finished.stderr.strip()[-600:])


def clean(base: Path) -> None:
    """Take away what a crashed run left behind."""
    require_abilities()
    with alone_on_this_machine():
        tidy(base)


def tidy(base: Path) -> Hierarchies:
    """Remove stale groups (with their processes) and devices; only for who holds the lock."""
    hierarchies = find_hierarchies()
    remove_stale_groups(hierarchies)
    remove_stale_devices(base)
    return hierarchies


def require_abilities() -> None:
    """LabError, in words, for what is missing on this machine."""
    if os.geteuid() != 0:
        raise LabError("the lab makes block devices and control groups: run it as root")
    for program, package in (
        ("fio", "fio"),
        ("prometheus", "prometheus"),
        ("prometheus-node-exporter", "prometheus-node-exporter"),
        ("losetup", "util-linux"),
        ("mkfs.ext4", "e2fsprogs"),
    ):
        if shutil.which(program) is None:
            raise LabError(f"{program} is not installed (Debian: apt-get install {package})")
    if not Path("/dev/loop-control").exists():
        raise LabError(
            "there are no loop devices here (/dev/loop-control is missing): load the loop module or leave the container"
        )
    call("losetup", "--find")


@contextlib.contextmanager
def alone_on_this_machine() -> Iterator[None]:
    """Hold the lab's lock: two labs would be each other's contention."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _perform(scenario: Scenario, stage: Stage, out: Path, setting: Setting) -> LabRun:
    scale = setting.scale
    phases = Phases.of(scenario, scale)
    observer = Observer(stage.pods, stage.devices, out / "counters.jsonl")
    seen: dict[str, Observation] = {}

    def observe(name: str) -> None:
        seen[name] = observer.observe(time.time())

    constant = [(pod, stream) for pod in stage.pods for stream in pod.spec.streams if stream.begins is None]
    for pod, stream in constant:
        stage.start(pod, stream)
    time.sleep(max(WARM_UP_SECONDS, 3 * setting.scrape_seconds))
    _log.info(
        "%s: quiet for %.0f s, event for %.0f s, recovery for %.0f s",
        scenario.name,
        phases.quiet,
        phases.event,
        phases.recovery,
    )
    turns = [
        Turn(0.0, lambda: observe("start")),
        Turn(phases.quiet, lambda: observe("event_start")),
        *_event_turns(scenario, stage, phases, scale),
        Turn(phases.event_end, lambda: observe("event_end")),
    ]
    play(turns, phases.total, lambda: observer.observe(time.time()))
    finished_at = time.time()
    stage.victim_requests_written()
    for pod, stream in constant:
        stage.stop(pod, stream)
    evidence = Evidence(
        scenario=scenario,
        setting=setting,
        node=stage.node,
        pods=stage.pods,
        devices=stage.devices,
        prices=stage.prices,
        turns=Turns(seen["start"], seen["event_start"], seen["event_end"]),
        end=finished_at,
        requests=read_requests(stage.request_log),
    )
    return LabRun(stage.prometheus_url, truth_of(evidence), seen["start"].at, finished_at)


def _event_turns(scenario: Scenario, stage: Stage, phases: Phases, scale: float) -> list[Turn]:
    turns: list[Turn] = []
    for pod in stage.pods:
        for stream in pod.spec.streams:
            actions = StreamActions(
                start=partial(stage.start, pod, stream),
                pause=partial(pod.pause, stream),
                resume=partial(pod.resume, stream),
                stop=partial(stage.stop, pod, stream),
            )
            turns += stream_turns(stream, phases, scale, actions)
        if pod.spec.operations_in_event is not None:
            turns.append(Turn(phases.quiet, partial(stage.limit, pod, pod.spec.operations_in_event)))
            turns.append(Turn(phases.event_end, partial(stage.limit, pod, None)))
    if scenario.change != VictimChange():
        turns.append(Turn(phases.quiet, partial(stage.change_victim, scenario.change)))
        turns.append(Turn(phases.event_end, partial(stage.change_victim, VictimChange())))
    if scenario.loses_cadvisor:
        turns.append(
            Turn(phases.quiet - CADVISOR_LEAD_SECONDS * scale, partial(stage.exporter.broken.add, CADVISOR_PATH))
        )
        turns.append(Turn(phases.event_end, partial(stage.exporter.broken.discard, CADVISOR_PATH)))
    return turns


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
