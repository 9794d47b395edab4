"""What every source promises: on a real Prometheus and VictoriaMetrics, on a recording, on a demo of that recording.

All hold the same two minutes: a demo's first loop ends where it starts, which is set so that it falls on the recorded
time itself. VictoriaMetrics stores a dozen digits and no NaN: there the sample before goes on counting.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from correlator.catalog import load
from correlator.model.frame import Frame, Frames
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal, one_of_each
from correlator.model.source import Source
from correlator.sources.demo import DemoSource
from correlator.sources.prometheus import PrometheusSource
from correlator.sources.recording import RecordingSource, write_recording
from tests.played import json_lines
from tests.servers import openmetrics_blocks, prometheus, victoria_metrics

START = 1_704_110_400
WHOLE = Grid(START, 1, 120)
DIGITS = 1e-11
LONGEST_HIDDEN_SECONDS = 60
SIGNALS = load()
NAMED = {signal.name: signal for signal in SIGNALS}
POD = "a\\\"b<i>'&"  # as OpenMetrics spells a"b<i>'&
UNKNOWN = Signal(
    name="unknown",
    unit="u",
    kind=Kind.GAUGE,
    aspect=Aspect.IO,
    query="max by (a) (nobody_has_this)",
    labels=("a",),
    exporter="e",
)


def exposition() -> str:
    """Two minutes at 1 s: two nodes, one gone silent in the middle, a pod born late, a server with a NaN."""
    lines = ["# TYPE node_disk_reads_completed counter"]
    for node, last in (("n1", 120), ('n\\"2$1', 60)):
        labels = f'instance="{node}:9100",device="sda",job="node"'
        lines += [f"node_disk_reads_completed_total{{{labels}}} {7 * k} {START + k - 0.25}" for k in range(last)]
    lines.append("# TYPE container_fs_writes counter")
    labels = f'instance="n1:10250",namespace="d",pod="{POD}",device="/dev/sda"'
    lines += [f"container_fs_writes_total{{{labels}}} {100 * k} {START + k - 0.25}" for k in range(30, 120)]
    lines.append("# TYPE container_cpu_usage_seconds counter")
    lines += [f'container_cpu_usage_seconds_total{{instance="n1:10250"}} {k} {START + k - 0.25}' for k in range(120)]
    lines.append("# TYPE vllm:num_requests_waiting gauge")
    for k in range(120):
        value = "NaN" if k == 50 else f"{k / 3}"
        lines.append(
            f'vllm:num_requests_waiting{{instance="v:8000",pod="v",model_name="m"}} {value} {START + k - 0.25}'
        )
    lines.append("# TYPE vllm:time_to_first_token_seconds_count counter")
    labels = 'instance="v:8000",pod="v",model_name="m"'
    lines += [f"vllm:time_to_first_token_seconds_count{{{labels}}} {k} {START + k - 0.25}" for k in range(120)]
    lines.append("# TYPE kube_pod_start_time gauge")
    lines += [
        f'kube_pod_start_time{{instance="k",pod="v",uid="u"}} {START - 900} {START + k - 0.25}' for k in range(120)
    ]
    return "\n".join([*lines, "# EOF\n"])


@pytest.fixture(scope="module")
def on_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    """The real thing."""
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus(folder, storage=openmetrics_blocks(exposition(), folder / "storage")) as url:
        source = PrometheusSource(url)
        yield source
        source.close()


@pytest.fixture(scope="module")
def recorded(on_prometheus: PrometheusSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of it."""
    path = tmp_path_factory.mktemp("recording") / "contract.correlator.zip"
    frames = on_prometheus.fetch(SIGNALS, WHOLE)
    write_recording(path, frames, SIGNALS, created_at=datetime(2026, 1, 1, tzinfo=UTC), source=on_prometheus.name)
    return path


@pytest.fixture(scope="module")
def on_victoria_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    """The other real thing."""
    with victoria_metrics(tmp_path_factory.mktemp("victoria"), imported=json_lines(exposition())) as url:
        source = PrometheusSource(url)
        yield source
        source.close()


@pytest.fixture(params=["prometheus", "victoria_metrics", "recording", "demo"])
def source(
    request: pytest.FixtureRequest,
    on_prometheus: PrometheusSource,
    on_victoria_metrics: PrometheusSource,
    recorded: Path,
) -> Source:
    """Each kind of source in turn."""
    if request.param in {"prometheus", "victoria_metrics"}:
        return on_prometheus if request.param == "prometheus" else on_victoria_metrics
    on_file = RecordingSource(recorded)
    return on_file if request.param == "recording" else DemoSource(on_file.recording, WHOLE.last + 1)


def equal(left: Frames, right: Frames) -> bool:
    """Whether two windows hold the same series with the same values."""
    return left.by_signal.keys() == right.by_signal.keys() and all(
        frame.labels == right.get(name).labels and alike(frame, right.get(name))
        for name, frame in left.by_signal.items()
    )


def alike(left: Frame, right: Frame) -> bool:
    """Whether values are the same, but for the one NaN that was exposed; a heartbeat may stand still or be gone."""
    if left.signal.endswith("heartbeat"):
        both = np.isfinite(left.values) & np.isfinite(right.values)
        return np.array_equal(left.values[both], right.values[both])
    columns = WHOLE.times() != START + 50 if left.signal == "requests_waiting" and left.grid == WHOLE else slice(None)
    return np.allclose(left.values[:, columns], right.values[:, columns], rtol=DIGITS, atol=0.0, equal_nan=True)


def test_each_signal_has_a_frame_on_the_grid(source: Source) -> None:
    """A fetch yields a frame for each signal asked for, rows sorted and without repetition, none unknown throughout."""
    frames = source.fetch(SIGNALS, WHOLE)
    assert list(frames.by_signal) == [signal.name for signal in one_of_each(SIGNALS)]
    for name, frame in frames.by_signal.items():
        assert (frame.signal, frame.grid) == (name, WHOLE)
        assert list(frame.labels) == sorted(set(frame.labels))
        assert not np.isnan(frame.values).all(axis=1).any()


def test_values_are_what_was_exposed(source: Source) -> None:
    """A counter is its raw total at each step, a label with quotes and HTML is the label, a NaN sample is unknown."""
    frames = source.fetch(SIGNALS, WHOLE)
    steps = np.arange(120)
    assert np.array_equal(frames.get("disk_reads").values[1], 7 * steps)
    assert dict(frames.get("pod_writes").labels[0])["pod"] == "a\"b<i>'&"
    known = steps != 50
    waiting = frames.get("requests_waiting").values[0]
    assert waiting[known] == pytest.approx(steps[known] / 3, rel=DIGITS)
    assert np.isnan(waiting[50]) or waiting[50] == waiting[49]


def test_what_was_not_there_is_unknown(source: Source) -> None:
    """A pod before its birth and a target that fell silent are NaN, though the server repeats old values."""
    frames = source.fetch(SIGNALS, WHOLE)
    assert np.isnan(frames.get("pod_writes").values[0]).tolist() == [True] * 30 + [False] * 90
    silent = frames.get("disk_reads")
    assert dict(silent.labels[0])["instance"] == 'n"2$1:9100'
    assert np.isnan(silent.values[0]).tolist() == [False] * 62 + [True] * 58


def test_a_part_of_a_window_is_the_same_part(source: Source) -> None:
    """A window within a window has the very values of the larger one."""
    whole, part = source.fetch(SIGNALS, WHOLE), source.fetch(SIGNALS, Grid(START + 40, 1, 50))
    for name, frame in part.by_signal.items():
        larger = dict(zip(whole.get(name).labels, whole.get(name).values, strict=True))
        for labels, row in zip(frame.labels, frame.values, strict=True):
            assert np.array_equal(row, larger[labels][40:90], equal_nan=True)


def test_step_by_step_is_the_same_as_at_once(source: Source) -> None:
    """Asking for one step at a time, as the daemon does, yields what one question for the window yields."""
    signals = [NAMED[name] for name in ("pod_writes", "pod_io_heartbeat", "disk_reads", "disk_heartbeat")]
    window = Grid(START + 55, 1, 20)
    whole = source.fetch(signals, window)
    for index, at in enumerate(window.times()):
        single = source.fetch(signals, Grid(int(at), 1, 1))
        for signal in signals:
            frame = whole.get(signal.name)
            known = ~np.isnan(frame.values[:, index])
            kept = tuple(labels for labels, keep in zip(frame.labels, known, strict=True) if keep)
            assert single.get(signal.name).labels == kept
            assert np.array_equal(single.get(signal.name).values[:, 0], frame.values[known, index])


def test_a_coarser_step_samples_the_same_values(source: Source) -> None:
    """A step of five intervals sees every fifth value."""
    fine, coarse = source.fetch(SIGNALS, WHOLE), source.fetch(SIGNALS, Grid(START, 5, 24))
    for name, frame in coarse.by_signal.items():
        assert frame.labels == fine.get(name).labels
        assert np.array_equal(frame.values, fine.get(name).values[:, ::5], equal_nan=True)


def test_the_same_question_has_the_same_answer(source: Source) -> None:
    """Asked twice, answered alike."""
    assert equal(source.fetch(SIGNALS, WHOLE), source.fetch(SIGNALS, WHOLE))


def test_all_sources_answer_alike(source: Source, on_prometheus: PrometheusSource) -> None:
    """Prometheus, its recording and the demo yield identical frames and intervals."""
    ours, theirs = source.fetch(SIGNALS, WHOLE), on_prometheus.fetch(SIGNALS, WHOLE)
    assert equal(ours, theirs)
    assert ours.intervals == theirs.intervals
    assert ours.quality == theirs.quality


def test_an_unknown_signal_is_empty_without_complaint(source: Source) -> None:
    """A signal that nobody has is an empty frame, and no blind spot of the source's making."""
    frames = source.fetch([UNKNOWN, NAMED["disk_reads"]], WHOLE)
    assert frames.get("unknown").values.shape == (0, 120)
    assert all(spot.signal != "unknown" for spot in frames.quality)


def test_intervals_are_told_for_what_has_data(source: Source) -> None:
    """The update interval is found for what is there, also an hour's fraction later, and left out for the rest."""
    for at in (WHOLE.last, WHOLE.last + 600):
        found = source.intervals([*SIGNALS, UNKNOWN], at)
        assert {found[name] for name in ("disk_reads", "pod_writes", "requests_waiting", "pod_start_time")} == {1}
        assert "unknown" not in found


def test_the_span_holds_the_data(source: Source) -> None:
    """All that can be fetched lies within the span; a server may hide the newest of it for a while."""
    oldest, newest = source.span(WHOLE.last)
    assert oldest <= WHOLE.start
    assert WHOLE.last - LONGEST_HIDDEN_SECONDS <= newest <= WHOLE.last


def test_outside_the_span_nothing_is_known(source: Source) -> None:
    """A window long before the data is empty, without an error."""
    frames = source.fetch(SIGNALS, Grid(START - 86_400, 1, 10))
    assert all(not frame.labels for frame in frames.by_signal.values())


def test_an_empty_grid_is_an_empty_answer(source: Source) -> None:
    """No steps, no values."""
    assert source.fetch(SIGNALS, Grid(START, 1, 0)).get("disk_reads").values.shape == (0, 0)


def test_progress_runs_to_its_end(source: Source) -> None:
    """Progress only grows and ends with everything done."""
    told: list[tuple[int, int]] = []
    source.fetch(SIGNALS, WHOLE, lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
    assert len({total for _, total in told}) == 1


def test_the_name_is_for_people(source: Source) -> None:
    """Each source has a name to be shown."""
    assert source.name
