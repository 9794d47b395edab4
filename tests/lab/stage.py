"""A scenario's parts set up: volumes, pods, exporters, victim, Prometheus; taken down again in the opposite order."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab.cadvisor import cadvisor_samples
from tests.lab.cgroups import Group, Hierarchies
from tests.lab.devices import (
    DIRECTORY_PREFIX,
    MEBIBYTE,
    Device,
    backing_disk_number,
    create_device,
    lay_out,
    remove_device,
)
from tests.lab.exporter import Exporter
from tests.lab.exposition import render
from tests.lab.identities import Node, identity_for, node_for
from tests.lab.inference import VictimConfig
from tests.lab.kube_state import kube_state_samples
from tests.lab.pods import Pod, end, launch
from tests.lab.prices import DevicePrices, measure_prices
from tests.lab.scenarios import VICTIM
from tests.lab.servers import (
    ScrapeJob,
    free_port,
    node_exporter_command,
    prometheus_command,
    require_targets,
    wait_until_ready,
    write_prometheus_config,
)
from tests.lab.spec import SHARED, PodSpec, Scenario, Stream, VictimChange
from tests.lab.truth import Setting

VOLUME_BYTES = 4096 * MEBIBYTE
MODEL_BYTES = 1024 * MEBIBYTE
CADVISOR_PATH, KUBE_STATE_PATH = "/metrics/cadvisor", "/metrics/kube-state"
# Pods that were there before the run look as if they had been for a day.
AGE_SECONDS = 86_400.0


@dataclass(frozen=True)
class Ground:
    """Where a run may put things: its own directory, the disk for its volumes, the control groups."""

    out: Path
    base: Path
    hierarchies: Hierarchies


@dataclass
class Stage:
    """What a scenario plays on."""

    node: Node
    devices: list[Device]
    pods: list[Pod]
    prices: DevicePrices
    exporter: Exporter
    victim_process: "subprocess.Popen[bytes]"
    prometheus_url: str
    request_log: Path
    log_directory: Path
    system: Group
    backing_number: str

    def change_victim(self, change: VictimChange) -> None:
        """Change the victim's load or compute."""
        assert self.victim_process.stdin is not None
        self.victim_process.stdin.write(json.dumps(asdict(change)).encode() + b"\n")
        self.victim_process.stdin.flush()

    def limit(self, pod: Pod, operations: int | None) -> None:
        """Hold a pod to so many operations per second on the disk behind its volume; None lifts it."""
        pod.group.limit_operations(self.backing_number, operations)

    def start(self, pod: Pod, stream: Stream) -> None:
        """Start a stream of a pod; the first one of a pod born in the event is its birth."""
        if pod.spec.is_born_in_event and pod.born_at == float("inf"):
            pod.born_at = time.time()
        pod.start(stream, self.log_directory)

    def stop(self, pod: Pod, stream: Stream) -> None:
        """End a stream of a pod; with the last one a Job's pod has finished."""
        pod.stop(stream)
        if pod.spec.owner_kind == "Job" and not pod.processes:
            pod.ended_at = time.time()

    def victim_requests_written(self) -> None:
        """End the victim, so that its request log is complete."""
        end(self.victim_process)


def set_up(scenario: Scenario, ground: Ground, setting: Setting, stack: ExitStack) -> Stage:
    """Everything a scenario needs, running; the stack takes it down."""
    out, base, hierarchies = ground.out, ground.base, ground.hierarchies
    rng = random.Random(f"{scenario.name}/{setting.seed}")
    logs = out / "logs"
    logs.mkdir()
    system = Group(hierarchies, "system", counted=False)
    stack.callback(system.remove)
    node = node_for(rng)
    directory = Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX, dir=base))
    stack.callback(directory.rmdir)
    devices = [_volume(directory, index, spec.scheduler, stack) for index, spec in enumerate(scenario.volumes)]
    prices = _prices(devices[SHARED], hierarchies, logs)
    pods = [_pod(spec, devices, hierarchies, rng, stack) for spec in _specs(scenario)]
    backing_number = backing_disk_number(base)
    for pod in pods:
        cap = scenario.volumes[pod.spec.volume].cap_bytes_per_second
        if cap is not None:
            pod.group.limit_bytes(backing_number, cap)
    exporter = stack.enter_context(
        Exporter(
            {
                CADVISOR_PATH: lambda at: render(cadvisor_samples(pods, at)),
                KUBE_STATE_PATH: lambda at: render(kube_state_samples(node, pods, at)),
            }
        )
    )
    victim = next(pod for pod in pods if pod.spec.role == "victim")
    victim_process, victim_port = _start_victim(victim, out, setting.seed, stack)
    node_port = free_port()
    _serve(node_exporter_command(node_port, devices), system, logs / "node_exporter.log", stack)
    jobs = _scrape_jobs(node, victim, exporter, victim_port, node_port)
    prometheus_port = free_port()
    config = write_prometheus_config(out, setting.scrape_seconds, jobs)
    _serve(prometheus_command(config, out / "prometheus", prometheus_port), system, logs / "prometheus.log", stack)
    url = f"http://127.0.0.1:{prometheus_port}"
    wait_until_ready(f"{url}/-/ready", "Prometheus", logs / "prometheus.log")
    require_targets(url, len(jobs))
    return Stage(
        node=node,
        devices=devices,
        pods=pods,
        prices=prices,
        exporter=exporter,
        victim_process=victim_process,
        prometheus_url=url,
        request_log=out / "requests.jsonl",
        log_directory=logs,
        system=system,
        backing_number=backing_number,
    )


def _specs(scenario: Scenario) -> list[PodSpec]:
    """The scenario's pods, the victim first: the usual one unless the scenario has its own."""
    own = [spec for spec in scenario.pods if spec.role == "victim"]
    return [*(own or [VICTIM]), *(spec for spec in scenario.pods if spec.role != "victim")]


def _volume(directory: Path, index: int, scheduler: str, stack: ExitStack) -> Device:
    device = create_device(directory, f"disk{index}", VOLUME_BYTES, scheduler)
    stack.callback(remove_device, device)
    return device


def _prices(device: Device, hierarchies: Hierarchies, logs: Path) -> DevicePrices:
    group = Group(hierarchies, "prices")
    try:
        group.count_device(device.number)
        return measure_prices(device, group, logs)
    finally:
        group.remove()


def _pod(spec: PodSpec, devices: list[Device], hierarchies: Hierarchies, rng: random.Random, stack: ExitStack) -> Pod:
    identity = identity_for(spec, rng)
    group = Group(hierarchies, identity.group_name, counted=spec.role != "unaccounted")
    stack.callback(group.remove)
    device = devices[spec.volume]
    group.count_device(device.number)
    born_at = float("inf") if spec.is_born_in_event else time.time() - AGE_SECONDS
    pod = Pod(spec=spec, identity=identity, group=group, device=device, born_at=born_at)
    pod.prepare_files()
    return pod


def _start_victim(victim: Pod, out: Path, seed: int, stack: ExitStack) -> tuple["subprocess.Popen[bytes]", int]:
    model_file = victim.directory / "model.safetensors"
    lay_out(model_file, MODEL_BYTES)
    port = free_port()
    config = VictimConfig(
        model_name="meta-llama/Llama-3.1-8B-Instruct",
        model_file=str(model_file),
        request_log=str(out / "requests.jsonl"),
        port=port,
        seed=seed,
    )
    config_file = out / "victim.json"
    config_file.write_text(json.dumps(asdict(config), indent=2))
    log = out / "logs" / "victim.log"
    os.sync()
    process = launch([sys.executable, "-m", "tests.lab.victim", str(config_file)], victim.group, log, feed=True)
    stack.callback(end, process)
    wait_until_ready(f"http://127.0.0.1:{port}/metrics", "the victim", log)
    return process, port


def _serve(command: list[str], group: Group, log: Path, stack: ExitStack) -> None:
    stack.callback(end, launch(command, group, log))


def _scrape_jobs(node: Node, victim: Pod, exporter: Exporter, victim_port: int, node_port: int) -> list[ScrapeJob]:
    """Targets with the labels that a cluster's service discovery would give them."""
    kubelet = {
        "instance": f"{node.internal_ip}:10250",
        "node": node.name,
        "endpoint": "https-metrics",
        "service": "kube-prometheus-stack-kubelet",
        "metrics_path": CADVISOR_PATH,
    }
    state = {
        "instance": "10.244.0.9:8080",
        "endpoint": "http",
        "service": "kube-state-metrics",
        "namespace": "monitoring",
        "pod": "kube-state-metrics-6c9d7f5b8-x2v4q",
        "container": "kube-state-metrics",
    }
    agent = {
        "instance": f"{node.internal_ip}:9100",
        "node": node.name,
        "endpoint": "http-metrics",
        "service": "node-exporter",
        "namespace": "monitoring",
        "pod": "node-exporter-k7m2z",
        "container": "node-exporter",
    }
    engine = {
        "instance": f"{victim.identity.pod_ip}:8000",
        "namespace": victim.identity.namespace,
        "pod": victim.identity.pod,
        "container": victim.identity.container,
        "endpoint": "http",
    }
    return [
        ScrapeJob("kubelet", exporter.address, kubelet, path=CADVISOR_PATH, keeps_own_labels=True),
        ScrapeJob("kube-state-metrics", exporter.address, state, path=KUBE_STATE_PATH, keeps_own_labels=True),
        ScrapeJob("node-exporter", f"127.0.0.1:{node_port}", agent, replaced_labels={"nodename": node.name}),
        ScrapeJob(f"{victim.identity.namespace}/vllm", f"127.0.0.1:{victim_port}", engine),
    ]
