"""The engine, killed -9 fifty times on its way, against one that never stopped."""

import subprocess
import sys
from pathlib import Path

import pytest

from correlator.incidents.reader import Incidents
from tests.recorded import write_contention
from tests.scenes import Story


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two contentions within an hour."""
    story = Story(steps=240)
    story.ttft_seconds = story.stepped(0.05, 0.3, 90, 120) + story.stepped(0.0, 0.25, 170, 200)
    story.read_latency = story.stepped(2e-4, 5e-3, 90, 120) + story.stepped(0.0, 5e-3, 170, 200)
    story.device_pods = [story.writer("batch", "reindex-1", 90, 120), story.writer("batch", "reindex-2", 170, 200)]
    return write_contention(tmp_path_factory.mktemp("killed") / "recording.zip", story.frames())


def run(recording: Path, store: Path, kills: int) -> int:
    """Run to the end, killed so often; how many lives were cut short, which is all of them or an error."""
    command = [sys.executable, "-m", "tests.integration.killed_engine", str(recording), str(store), str(kills), "7"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout)


def told(store: Path) -> dict[str, object]:
    """All that a store tells."""
    with Incidents.open(store) as incidents:
        found = list(incidents.every())
        return {
            "incidents": found,
            "evidence": [incidents.evidence(incident.id) for incident in found],
            "episodes": incidents.episodes().items,
            "events": incidents.events_after(0),
            "counts": incidents.counts(),
        }


def test_engine_killed_fifty_times_tells_what_one_never_stopped_tells(recording: Path, tmp_path: Path) -> None:
    """No incident is lost, doubled or changed by kills at random moments, and no event is told twice."""
    assert run(recording, tmp_path / "never.db", 0) == 0
    expected = told(tmp_path / "never.db")
    assert run(recording, tmp_path / "often.db", 50) == 50
    assert told(tmp_path / "often.db") == expected
    assert isinstance(expected["incidents"], list)
    assert len(expected["incidents"]) == 2
