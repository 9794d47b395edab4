"""A recording of a contention that was written by hand: a job fills the disk that an inference pod reads from."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from correlator import catalog
from correlator.model.frame import Frames
from correlator.model.signal import Kind, one_of_each
from correlator.sources.recording import write_recording
from tests.scenes import Story

ONSET, END, STEPS = 170, 210, 240
START = 1_800_000_000
STEP = 15
_METRIC = re.compile(r'__name__=~"([^"]+)"|\(([a-zA-Z_:][\w:]*)[{)]')
VICTIM = "inference/vllm-0"
CULPRIT = "batch/reindex-1"


@cache
def contention() -> Frames:
    """An hour at 15 s: first tokens take 50 ms, and 300 ms while the job writes."""
    story = Story(steps=STEPS, step=STEP, start=START)
    story.ttft_seconds = story.stepped(0.05, 0.3, ONSET, END)
    story.read_latency = story.stepped(2e-4, 5e-3, ONSET, END)
    story.device_pods = [story.writer("batch", "reindex-1", ONSET, END)]
    return story.frames()


def write_contention(path: Path, frames: Frames | None = None) -> Path:
    """The recording as a file."""
    at = datetime.fromtimestamp(START, UTC)
    write_recording(path, frames or contention(), catalog.load(), created_at=at, source="written by hand")
    return path


def as_openmetrics(frames: Frames, later_seconds: int = 0) -> str:
    """The series as their exporters would have told them, so much later than recorded; ends in `# EOF`."""
    times = (frames.grid.times() + later_seconds).tolist()
    lines: list[str] = []
    for signal in one_of_each(catalog.load()):
        found = _METRIC.search(signal.query)
        if signal.kind is Kind.HEARTBEAT or found is None:
            continue
        name = (found[1] or found[2]).replace("[:_]", ":")
        lines.append(f"# TYPE {name} unknown")
        for labels, row in zip(frames.get(signal.name).labels, frames.get(signal.name).values, strict=True):
            pairs = ",".join(f'{label}="{value}"' for label, value in labels)
            known = [(at, value) for at, value in zip(times, row.tolist(), strict=True) if not np.isnan(value)]
            lines += [f"{name}{{{pairs}}} {value!r} {at}" for at, value in known]
    return "\n".join([*lines, "# EOF", ""])
