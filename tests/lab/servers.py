"""The servers that are not ours: Prometheus and node_exporter, started on loopback ports."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.devices import Device
from tests.lab.errors import LabError

START_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class ScrapeJob:
    """One scrape job with one target; `labels` are what service discovery and relabelling would have put on it.

    `replaced_labels` take the place of labels that would name this machine instead of the lab's node.
    """

    name: str
    address: str
    labels: Mapping[str, str]
    path: str = "/metrics"
    keeps_own_labels: bool = False
    replaced_labels: Mapping[str, str] = field(default_factory=dict)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def node_exporter_command(port: int, devices: list[Device]) -> list[str]:
    """Debian's node_exporter, showing the lab's loop devices, which it hides by default, and no others."""
    mounts = (line.split()[1] for line in Path("/proc/mounts").read_text().splitlines())
    others = sorted(set(mounts) - {str(device.mountpoint) for device in devices})
    return [
        _program("prometheus-node-exporter"),
        f"--web.listen-address=127.0.0.1:{port}",
        "--collector.disable-defaults",
        "--collector.diskstats",
        # Its default pattern hides loop devices; the two options exclude each other, so that one must go.
        "--collector.diskstats.device-exclude=",
        f"--collector.diskstats.device-include=^({'|'.join(device.name for device in devices)})$",
        "--collector.pressure",
        "--collector.filesystem",
        f"--collector.filesystem.mount-points-exclude=^({'|'.join(map(re.escape, others))})$",
        "--collector.loadavg",
        "--collector.uname",
    ]


def write_prometheus_config(directory: Path, scrape_seconds: float, jobs: list[ScrapeJob]) -> Path:
    """A configuration file (JSON is YAML too)."""
    interval = f"{round(scrape_seconds * 1000)}ms"
    config = {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval if scrape_seconds < 10 else "10s",
            "evaluation_interval": "1m",
        },
        "scrape_configs": [
            {
                "job_name": job.name,
                "metrics_path": job.path,
                "honor_labels": job.keeps_own_labels,
                "static_configs": [{"targets": [job.address], "labels": dict(job.labels)}],
                "metric_relabel_configs": [
                    {"source_labels": [label], "regex": ".+", "target_label": label, "replacement": value}
                    for label, value in job.replaced_labels.items()
                ],
            }
            for job in jobs
        ],
    }
    path = directory / "prometheus.yml"
    path.write_text(json.dumps(config, indent=2))
    return path


def prometheus_command(config: Path, storage: Path, port: int) -> list[str]:
    """Prometheus over a storage directory; old data stay."""
    return [
        _program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={storage}",
        "--storage.tsdb.retention.time=10y",
        "--storage.tsdb.wal-segment-size=10MB",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]


def wait_until_ready(url: str, what: str, log: Path) -> None:
    """Return once `url` answers 200; LabError with the end of the log when it does not in time."""
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (a loopback URL of ours)
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise LabError(f"{what} does not answer at {url}; its log ends: {log.read_text()[-600:]}")


def require_targets(url: str, count: int) -> None:
    """Return once Prometheus has scraped so many targets; LabError naming those that do not answer."""
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while True:
        with urllib.request.urlopen(f"{url}/api/v1/targets?state=active", timeout=5) as answer:  # noqa: S310 (ours)
            targets = json.load(answer)["data"]["activeTargets"]
        failing = [f"{one['labels']['job']}: {one['lastError']}" for one in targets if one["health"] != "up"]
        if len(targets) == count and not failing:
            return
        if time.monotonic() > deadline:
            raise LabError(f"targets that do not answer: {'; '.join(failing)}")
        time.sleep(0.2)


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise LabError(f"{name} is not installed (Debian: apt-get install {name})")
    return path


@contextmanager
def served_again(directory: Path, port: int = 0) -> Iterator[str]:
    """The Prometheus data of a kept run, served on a loopback port; gives the URL."""
    storage = directory / "prometheus"
    if not storage.is_dir():
        raise LabError(f"{storage} is not there: {directory} does not hold a run of the lab")
    address = port or free_port()
    config = directory / "served-again.yml"
    config.write_text("scrape_configs: []\n")
    log = directory / "served-again.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            prometheus_command(config, storage, address), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{address}"
        wait_until_ready(f"{url}/-/ready", "Prometheus", log)
        yield url
    finally:
        process.terminate()
        process.wait()
