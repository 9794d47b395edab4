"""Real servers for tests: Debian's Prometheus and VictoriaMetrics on loopback ports, started and stopped here.

    with prometheus(tmp_path, config=SCRAPE_NOTHING) as url:
        ...

`openmetrics_blocks` fills a storage folder with given samples first, so that a test needs no waiting.
"""

import re
import subprocess
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from correlator.sources.prometheus import PrometheusSource
from tests.lab.servers import free_port, wait_until_ready
from tests.played import json_lines

SERVERS = ("prometheus", "victoria_metrics")
SCRAPE_NOTHING = "global: {scrape_interval: 1s}\n"
_LISTENING = re.compile(r'msg="?Listening on"? address=(\S+)')
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


def scrape_config(targets: Mapping[str, str], interval_seconds: int = 1) -> str:
    """A configuration that scrapes each job (name → host:port) at the given interval."""
    jobs = "".join(
        f"  - job_name: {job}\n    static_configs: [{{targets: ['{address}']}}]\n" for job, address in targets.items()
    )
    times = f"{{scrape_interval: {interval_seconds}s, scrape_timeout: {interval_seconds}s}}"
    return f"global: {times}\nscrape_configs:\n{jobs}"


@contextmanager
def prometheus(
    folder: Path, *, config: str = SCRAPE_NOTHING, storage: Path | None = None, arguments: Iterable[str] = ()
) -> Iterator[str]:
    """Run Prometheus with its files in `folder` and yield its URL once it is ready to answer.

    `storage` is a folder with earlier data (default: an empty one in `folder`); no data is ever deleted for its age.
    Raises RuntimeError with the server's last words when it does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings, log = folder / "prometheus.yml", folder / "prometheus.log"
    settings.write_text(config)
    command = [
        "prometheus",
        f"--config.file={settings}",
        f"--storage.tsdb.path={storage or folder / 'storage'}",
        "--storage.tsdb.retention.time=100y",
        "--web.listen-address=127.0.0.1:0",
        *arguments,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield _wait_until_ready(process, log)
    finally:
        _stop(process)


@contextmanager
def victoria_metrics(folder: Path, *, imported: bytes = b"", arguments: Iterable[str] = ()) -> Iterator[str]:
    """Run VictoriaMetrics with its files in `folder` and yield its URL once it answers.

    `imported` has samples as lines of JSON (see `tests.played`) that can be asked for from the beginning.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log, url = folder / "victoria-metrics.log", f"http://127.0.0.1:{free_port()}"
    command = [
        "victoria-metrics",
        f"-httpListenAddr={url.removeprefix('http://')}",
        f"-storageDataPath={folder / 'victoria-metrics'}",
        "-retentionPeriod=100y",
        *arguments,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(f"{url}/health", "VictoriaMetrics", log)
        if imported:
            _post(f"{url}/api/v1/import", imported)
            _post(f"{url}/internal/force_flush", b"")  # samples wait for seconds before queries see them
        yield url
    finally:
        _stop(process)


def _post(url: str, body: bytes) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=60):  # noqa: S310 (a loopback URL)
        pass


def openmetrics_blocks(text: str, storage: Path) -> Path:
    """Fill `storage` with the samples of an OpenMetrics text (with timestamps, ending in `# EOF`) and return it."""
    storage.mkdir(parents=True, exist_ok=True)
    source = storage.with_suffix(".openmetrics")
    source.write_text(text)
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(source), str(storage)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"promtool made no blocks: {done.stderr or done.stdout}")
    return storage


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """The URL, once the web server listens and the storage is loaded: both are told in the log."""
    until, said = time.monotonic() + _START_SECONDS, ""
    while time.monotonic() < until:
        said = log.read_text(errors="replace")
        address = _LISTENING.search(said)
        if address and "Server is ready to receive web requests" in said:
            return f"http://{address.group(1)}"
        if process.poll() is not None:
            raise RuntimeError(f"prometheus stopped at once:\n{said[-2000:]}")
        time.sleep(0.05)
    raise RuntimeError(f"prometheus was not ready in {_START_SECONDS:.0f} s:\n{said[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def holding(openmetrics: str, server: str, folder: Path) -> Iterator[PrometheusSource]:
    """A source that reads the samples of an OpenMetrics text from one of SERVERS, which keeps them below `folder`."""
    if server == "prometheus":
        running = prometheus(folder, storage=openmetrics_blocks(openmetrics, folder / "storage"))
    else:
        running = victoria_metrics(folder, imported=json_lines(openmetrics))
    with running as url:
        source = PrometheusSource(url)
        yield source
        source.close()
