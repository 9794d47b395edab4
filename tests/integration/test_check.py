"""`correlator check` on a real Prometheus: empty, a default kube-prometheus-stack, and a complete installation."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Run
from tests.installed import as_samples, kube_prometheus_stack, mounts_shown
from tests.servers import openmetrics_blocks, prometheus

REPLICA = 'up{instance="10.0.1.11:9100",job="node-exporter",prometheus_replica="NUMBER"} 1\n'
OTHER_CLUSTER = 'kube_pod_info{cluster="NAME",namespace="x",pod="y",uid="z",node="far"} 1\n'


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Starts a Prometheus that holds an installation's newest minutes; yields its URL."""
    now = int(time.time())
    with ExitStack() as stack:

        def start(text: str) -> str:
            folder = tmp_path_factory.mktemp("check")
            storage = openmetrics_blocks(as_samples(text, now), folder / "storage")
            return stack.enter_context(prometheus(folder, storage=storage))

        yield start


@pytest.fixture(scope="module")
def default(holding: Callable[[str], str]) -> str:
    """kube-prometheus-stack as it comes, with a PodMonitor for the model servers."""
    return holding(kube_prometheus_stack())


def checked(run: Run, url: str) -> dict[str, Any]:
    """The inventory."""
    found: dict[str, Any] = json.loads(run("check", "--prometheus-url", url, "--output", "json").out)
    assert run.code == (0 if found["can_run"] else 1)
    return found


def remedies(found: dict[str, Any]) -> dict[str, str]:
    """What is to be mended, by chart value."""
    return {each["chart_value"]: each["finding"] for each in found["remedies"]}


def test_an_empty_prometheus(run: Run, tmp_path: Path) -> None:
    """Nothing can be told: every exporter is named with the chart's value that brings it, and the exit code is 1."""
    with prometheus(tmp_path) as url:
        found = checked(run, url)
        text = run("check", "--prometheus-url", url).out
    assert not found["can_run"]
    assert found["victim_count"] == found["explainable_victims"] == 0
    assert {each["exporter"] for each in found["signals"] if each["found"]} == set()
    assert all(
        name in "".join(found["missing"]) for name in ("vLLM", "cAdvisor", "node_exporter", "kube-state-metrics")
    )
    assert {
        "prometheus.prometheusSpec.podMonitorSelectorNilUsesHelmValues=false",
        "nodeExporter.enabled=true",
        "kubelet.serviceMonitor.cAdvisor=true",
        "kubeStateMetrics.enabled=true",
    } <= remedies(found).keys()
    assert text.splitlines()[-1] == "Slow first tokens and who caused them CANNOT be told from this Prometheus."


def test_a_default_stack_with_model_servers(run: Run, default: str) -> None:
    """The victim whose I/O was seen can be explained; the other cannot, and the hidden mounts are why."""
    found = checked(run, default)
    assert found["can_run"]
    assert found["missing"] == []
    assert (found["victim_count"], found["explainable_victims"]) == (2, 1)
    (group,) = found["unexplained"]
    assert (group["count"], group["victims"]) == (1, ["inference/vllm-1"])
    assert "mount-points-exclude" in group["reason"]
    assert "hides the kubelet's mounts" in remedies(found)["prometheus-node-exporter.extraArgs"]
    assert any("reads zero" in each["finding"] for each in found["remedies"])
    assert {each["interval_seconds"] for each in found["signals"] if each["found"]} == {30}
    (server,) = found["servers"]
    assert server["answers_as"].startswith("prometheus 2.")


def test_it_is_told_to_people(run: Run, default: str) -> None:
    """How many victims can be explained, why the others cannot, and the chart's value that mends it."""
    text = run("check", "--prometheus-url", default).out
    assert "1 of 2 victims can be explained." in text
    assert "  1 cannot (inference/vllm-1): claim inference/models-1: " in text
    assert "(kube-prometheus-stack: prometheus-node-exporter.extraArgs)" in text
    assert text.splitlines()[-1] == "Slow first tokens can be told, and who caused them."


def test_a_default_stack_without_model_servers(run: Run, holding: Callable[[str], str]) -> None:
    """The main job cannot run, and that the chart ignores PodMonitors is the likeliest reason."""
    found = checked(run, holding(kube_prometheus_stack(serving=False)))
    assert not found["can_run"]
    assert [each.partition(" ")[0] for each in found["missing"]] == ["vLLM"]
    assert "prometheus.prometheusSpec.podMonitorSelectorNilUsesHelmValues=false" in remedies(found)


def test_a_complete_installation(run: Run, holding: Callable[[str], str]) -> None:
    """With the kubelet's mounts shown every victim can be explained, and nothing of the chart is to be changed."""
    found = checked(run, holding(kube_prometheus_stack(extra=mounts_shown())))
    assert found["can_run"]
    assert (found["victim_count"], found["explainable_victims"]) == (2, 2)
    assert found["unexplained"] == []
    assert found["unmapped"] == {}
    assert remedies(found).keys() == {""}  # pressure that reads zero has no chart value


def test_what_is_there_several_times_is_named(run: Run, holding: Callable[[str], str]) -> None:
    """Equal Prometheus are told by the label that alone differs, several clusters by their names."""
    replicas = "".join(REPLICA.replace("NUMBER", number) for number in "01")
    clusters = "".join(OTHER_CLUSTER.replace("NAME", name) for name in ("eu-1", "us-1"))
    found = checked(run, holding(kube_prometheus_stack(extra=replicas + clusters)))
    told = " ".join(f"{each['finding']} {each['remedy']}" for each in found["remedies"])
    assert "prometheus.replica_labels to [prometheus_replica]" in told
    assert "2 clusters are here (eu-1, us-1)" in told
