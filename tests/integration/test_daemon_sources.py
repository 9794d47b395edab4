"""A daemon that reads a Prometheus for nodes and a VictoriaMetrics for inference, and says so in its status."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.daemons import Daemon, daemon
from tests.installed import as_samples, kube_prometheus_stack
from tests.played import json_lines
from tests.servers import openmetrics_blocks, prometheus, victoria_metrics


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A default installation whose inference servers are scraped by somebody else."""
    folder = tmp_path_factory.mktemp("daemon")
    lines = kube_prometheus_stack().splitlines(keepends=True)
    now = int(time.time())
    inference = as_samples("".join(line for line in lines if line.startswith("vllm:")), now)
    nodes = as_samples("".join(line for line in lines if not line.startswith("vllm:")), now)
    storage = openmetrics_blocks(nodes, folder / "nodes" / "storage")
    with (
        prometheus(folder / "nodes", storage=storage) as nodes_url,
        victoria_metrics(folder / "inference", imported=json_lines(inference)) as inference_url,
    ):
        sources = {
            "nodes": {"url": nodes_url, "exporters": ["node_exporter", "cAdvisor", "kube-state-metrics"]},
            "inference": {"url": inference_url},
        }
        with daemon(folder, settings={"CORRELATOR_SOURCES": json.dumps(sources)}) as served:
            yield served


def inventory(running: Daemon) -> dict[str, Any] | None:
    """What the status tells of it."""
    found: dict[str, Any] | None = running.get("/api/v1/status").json()["inventory"]
    return found


def test_status_tells_what_check_tells(running: Daemon) -> None:
    """Who answers, what there is in both, and how many victims can be explained and why not all."""
    found = running.until(lambda: inventory(running))
    assert [(each["name"], each["answers_as"].split(" ")[0]) for each in found["servers"]] == [
        ("nodes", "prometheus"),
        ("inference", "victoriametrics"),
    ]
    assert found["can_run"] is True
    assert (found["victim_count"], found["explainable_victims"]) == (2, 1)
    assert found["unexplained"][0]["victims"] == ["inference/vllm-1"]
    assert {each["name"] for each in found["signals"] if each["found"]} >= {"ttft_bucket", "disk_io_time", "pod_reads"}
    assert any(each["chart_value"] == "prometheus-node-exporter.extraArgs" for each in found["remedies"])


def test_steps_wait_until_nothing_is_hidden(running: Daemon) -> None:
    """The newest judged step is older than what VictoriaMetrics hides, and the daemon is ready all the same."""
    running.until(running.is_ready)
    assert running.get("/api/v1/status").json()["data_lag_seconds"] > 30
