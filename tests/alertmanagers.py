"""Real Alertmanagers for tests: Debian's, on loopback ports, alone or as a cluster of two.

with alertmanager(tmp_path, config=QUIET) as url:
    ...
"""

import json
import subprocess
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab.servers import free_port, wait_until_ready

QUIET = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@contextmanager
def alertmanager(folder: Path, *, config: str = QUIET, arguments: Iterable[str] = ()) -> Iterator[str]:
    """Run one with its files in `folder` and yield its URL once it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    settings, log, url = folder / "alertmanager.yml", folder / "alertmanager.log", f"http://127.0.0.1:{free_port()}"
    settings.write_text(config)
    command = [
        "prometheus-alertmanager",
        f"--config.file={settings}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        *(arguments or ["--cluster.listen-address="]),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(f"{url}/-/ready", "Alertmanager", log)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def post_alerts(url: str, alerts: Iterable[Mapping[str, Any]] | bytes, timeout_seconds: float = 30) -> int:
    """Send alerts as Prometheus does; the status of the answer."""
    body = alerts if isinstance(alerts, bytes) else json.dumps(list(alerts)).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v2/alerts", data=body, headers=headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310 - loopback
        return int(answer.status)


def alerts_of(url: str) -> list[dict[str, Any]]:
    """What an Alertmanager holds."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=30) as answer:  # noqa: S310 - loopback
        held: list[dict[str, Any]] = json.load(answer)
    return held
