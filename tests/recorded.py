"""A recording of a contention that was written by hand: a job fills the disk that an inference pod reads from."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from correlator import catalog
from correlator.model.frame import Frames
from correlator.sources.recording import write_recording
from tests.scenes import Story

ONSET, END, STEPS = 170, 210, 240
START = 1_800_000_000
STEP = 15
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
