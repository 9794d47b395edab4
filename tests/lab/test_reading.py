"""What the lab reads from the kernel and what it makes of it."""

import random
from itertools import islice
from pathlib import Path

import pytest

from tests.lab.arrivals import arrivals
from tests.lab.cgroups import IoCounters, find_hierarchies, parse_blkio, parse_io_stat, parse_pressure
from tests.lab.errors import LabError
from tests.lab.exposition import Sample, render
from tests.lab.impact import Instants, first_affected, longest_gap, phases_of
from tests.lab.inference import RequestRecord
from tests.lab.prices import DevicePrices
from tests.lab.scenarios import SCENARIOS
from tests.lab.spec import Stream
from tests.lab.timeline import Phases, StreamActions, stream_turns


def test_a_v1_file_is_read_by_device_and_operation() -> None:
    """Rows of other devices and the total at the end are not this device's."""
    text = "7:0 Read 12\n7:0 Write 34\n7:0 Total 46\n7:1 Read 5\nTotal 51\n"
    assert parse_blkio(text, "7:0") == {"Read": 12, "Write": 34, "Total": 46}


def test_a_v2_file_is_read_by_device() -> None:
    """A device without a row did no I/O."""
    text = "7:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"
    assert parse_io_stat(text, "7:0") == IoCounters(1, 2, 4096, 8192)
    assert parse_io_stat(text, "7:1").is_zero


def test_pressure_is_in_seconds() -> None:
    """The kernel writes microseconds."""
    text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n"
    pressure = parse_pressure(text)
    assert (pressure.waiting_seconds, pressure.stalled_seconds) == (2.5, 0.5)


def test_a_machine_without_cgroup_v2_is_refused_in_words(tmp_path: Path) -> None:
    """The message names what is missing."""
    mounts = tmp_path / "mounts"
    mounts.write_text("cgroup /sys/fs/cgroup/blkio cgroup rw,blkio 0 0\n")
    with pytest.raises(LabError, match="cgroup v2"):
        find_hierarchies(mounts)


def test_labels_are_escaped_and_families_stand_together() -> None:
    """A quote in a label does not end it, and no metric is typed twice."""
    samples = [Sample("a_total", {"pod": 'x"y'}, 1), Sample("b", {}, 2, "gauge"), Sample("a_total", {"pod": "z"}, 3)]
    assert render(samples).splitlines() == [
        "# TYPE a_total counter",
        'a_total{pod="x\\"y"} 1',
        'a_total{pod="z"} 3',
        "# TYPE b gauge",
        "b{} 2",
    ]


def test_arrivals_keep_the_wanted_mean_rate() -> None:
    """Over the whole excerpt, whichever request comes first."""
    gaps = [arrival.gap_seconds for arrival in islice(arrivals(8.0, random.Random(5)), 5001)]
    assert len(gaps) / sum(gaps) == pytest.approx(8.0, rel=0.01)


def test_a_stream_on_duty_is_held_and_let_go_within_the_event() -> None:
    """Nothing is let go after the event has ended."""
    acts: list[str] = []
    actions = StreamActions(*(lambda name=name: acts.append(name) for name in ("start", "pause", "resume", "stop")))
    turns = stream_turns(Stream((), duty=(8.0, 7.0)), Phases(quiet=10.0, event=20.0, recovery=5.0), 1.0, actions)
    for turn in sorted(turns, key=lambda turn: turn.offset):
        turn.act()
    assert acts == ["start", "pause", "resume", "stop"]
    assert sorted(turn.offset for turn in turns) == [10.0, 18.0, 25.0, 30.0]


def test_the_first_affected_request_is_not_a_lone_late_one() -> None:
    """One slow request before the trouble is chance; the first of many is the onset."""
    instants = Instants(start=0.0, event_start=100.0, event_end=200.0, end=250.0)
    requests = [_request(float(second), 0.05 + 0.0001 * (second % 7)) for second in range(100)]
    requests += [_request(float(second), 0.05) for second in range(100, 130)]
    requests[105] = _request(105.0, 0.3)
    requests += [_request(float(second), 0.3) for second in range(130, 200)]
    quiet, _ = phases_of(requests, instants)
    assert first_affected(requests, quiet, instants) == pytest.approx(130.3)


def test_a_frozen_service_counts_from_when_its_first_request_is_late() -> None:
    """Its first token comes after the event, or never."""
    instants = Instants(start=0.0, event_start=100.0, event_end=200.0, end=250.0)
    requests = [_request(float(second), 0.05) for second in range(100)]
    requests += [_request(float(second), None) for second in range(100, 200)]
    quiet, event = phases_of(requests, instants)
    assert first_affected(requests, quiet, instants) == pytest.approx(100.05)
    assert longest_gap(requests, instants) == 100.0
    assert event.ttft_quantile(0.95) > 100.0


def test_device_time_is_the_sum_of_priced_io() -> None:
    """Operations and bytes, reads and writes, each at its price."""
    prices = DevicePrices(1e-5, 1e-9, 2e-5, 2e-9)
    assert prices.device_seconds(IoCounters(100, 200, 10_000_000, 20_000_000)) == pytest.approx(0.055)


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_claims_what_its_verdict_needs(name: str) -> None:
    """An expected incident needs a TTFT that moved, contention a volume that got slower, and only it has culprits."""
    scenario = SCENARIOS[name]
    roles = {pod.role for pod in scenario.pods}
    assert ("ttft_moved" in scenario.claims) == (scenario.verdict is not None)
    if scenario.verdict in ("contention", "own_io", "degraded_device"):
        assert "storage_moved" in scenario.claims
    if "culprit" in roles:
        assert scenario.verdict == "contention" or scenario.loses_cadvisor


def _request(arrived_at: float, ttft: float | None) -> RequestRecord:
    nominal = 0.04
    return RequestRecord(
        arrived_at=arrived_at,
        first_token_at=None if ttft is None else arrived_at + ttft,
        prompt_tokens=1000,
        pages=20,
        queue_seconds=0.0,
        read_seconds=0.0 if ttft is None else ttft - nominal,
        compute_seconds=nominal,
        nominal_compute_seconds=nominal,
    )
