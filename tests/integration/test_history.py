"""A narrowed question for a day of history, put to a real Prometheus."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from correlator.analysis.workloads import pods_of
from correlator.catalog import load
from correlator.catalog.narrowing import narrowed
from correlator.inquiry.archives import Archives
from correlator.model.grid import Grid
from correlator.model.history import HistoryRequest
from correlator.sources.prometheus import PrometheusSource
from tests.servers import openmetrics_blocks, prometheus

START = 1_704_110_400
HOURS = 30
GRID = Grid(START + 6 * 3600, 60, 24 * 60)
PODS = ("reindex-28401840-h8kz2", "reindex-28403280-x2x8q", "reindex-full-28401840-h8kz2", 'odd"pod', "reindex")
NODES = ("10.0.0.1:10250", "10.0.0.2:10250")
SIGNALS = load()
REQUEST = HistoryRequest(
    signals=("pod_writes", "pod_io_heartbeat"),
    match=(
        ("instance", r"10\.0\.0\.1:10250"),
        ("namespace", "data"),
        ("pod", pods_of("Job/reindex-28401840", "reindex-28401840-h8kz2")),
    ),
    grid=GRID,
)


def samples() -> str:
    """Every pod on every node, counting one write a second, and what else a kubelet tells."""
    lines = ["# TYPE container_fs_writes counter"]
    times = range(START, START + HOURS * 3600, 60)
    for node in NODES:
        for pod in PODS:
            name = pod.replace('"', '\\"')
            labels = f'{{instance="{node}",namespace="data",pod="{name}",container="main",device="/dev/sda"}}'
            lines += [f"container_fs_writes_total{labels} {at - START} {at}" for at in times]
    lines.append("# TYPE container_cpu_usage_seconds counter")
    for node in NODES:
        lines += [f'container_cpu_usage_seconds_total{{instance="{node}"}} {at - START} {at}' for at in times]
    return "\n".join([*lines, "# EOF\n"])


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    """A Prometheus that holds them."""
    folder = tmp_path_factory.mktemp("history")
    with prometheus(folder, storage=openmetrics_blocks(samples(), folder / "storage")) as url:
        made = PrometheusSource(url)
        yield made
        made.close()


def test_prometheus_answers_with_the_workloads_pods_on_the_node_alone(source: PrometheusSource) -> None:
    """The server narrows by itself: what comes needs no filter of ours."""
    (signal,) = (each for each in SIGNALS if each.name == "pod_writes")
    asked = replace(signal, query=narrowed(signal.query, REQUEST.match))
    frame = source.fetch([asked], GRID).get("pod_writes")
    told = [(dict(labels)["instance"], dict(labels)["pod"]) for labels in frame.labels]
    assert told == [(NODES[0], PODS[0]), (NODES[0], PODS[1])]
    assert np.array_equal(frame.values[0], (GRID.times() - START).astype(float))


def test_the_whole_answer_has_pods_and_heartbeat(source: PrometheusSource) -> None:
    """On the asked grid, with the kubelet's heartbeat that tells nothing done from nothing known."""
    answer = Archives(source, SIGNALS).answers([REQUEST])[REQUEST]
    assert answer is not None
    assert answer.grid == GRID
    assert len(answer.get("pod_writes").labels) == 2
    (beat,) = answer.get("pod_io_heartbeat").values
    assert np.array_equal(beat, GRID.times().astype(float))


def test_names_with_quotes_stay_names(source: PrometheusSource) -> None:
    """A pod whose name could end a string is found, and nothing else."""
    request = replace(REQUEST, signals=("pod_writes",), match=(("pod", pods_of("", 'odd"pod')),))
    answer = Archives(source, SIGNALS).answers([request])[request]
    assert answer is not None
    assert {dict(labels)["pod"] for labels in answer.get("pod_writes").labels} == {'odd"pod'}


def test_every_narrowed_query_of_the_catalogue_is_promql(source: PrometheusSource) -> None:
    """Prometheus accepts each bundled query with matchers in every selector."""
    match = (("pod", r"a\.b|c[0-9]"),)
    asked = [replace(each, query=narrowed(each.query, match), metrics=()) for each in SIGNALS]
    assert source.fetch(asked, Grid(START, 60, 2)).quality == ()
