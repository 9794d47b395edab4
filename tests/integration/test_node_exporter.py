"""What the catalogue calls tested of node_exporter is there, from Debian's node_exporter through a real Prometheus."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from correlator.catalog import load
from correlator.model.frame import Frames
from correlator.model.grid import Grid
from correlator.model.signal import Kind, State
from correlator.sources.prometheus import PrometheusSource
from correlator.topology import join
from tests.lab.servers import free_port
from tests.servers import prometheus, scrape_config

WAIT_SECONDS = 60.0


@contextmanager
def node_exporter() -> Iterator[str]:
    """Run node_exporter; yields host:port."""
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus-node-exporter", f"--web.listen-address={address}", "--collector.mountstats"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield address
    finally:
        process.terminate()
        process.wait()


def told(url: str) -> Frames:
    """The newest steps, once there are readings at all of them; asked anew, since a source remembers the interval."""
    signals = [signal for signal in load() if signal.exporter.startswith("node_exporter")]
    until = time.monotonic() + WAIT_SECONDS
    while True:
        source = PrometheusSource(url)
        frames = source.fetch(signals, Grid(int(time.time()) - 3, 1, 4))
        source.close()
        reads = frames.get("disk_reads").values
        if reads.size and np.isfinite(reads).all():
            return frames
        assert time.monotonic() < until, "node_exporter is not scraped"
        time.sleep(0.2)


def test_every_tested_signal_is_exposed(tmp_path: Path) -> None:
    """Each has rows with values, and disks, file systems and the node's name join to volumes of this machine."""
    with node_exporter() as address, prometheus(tmp_path, config=scrape_config({"node": address})) as url:
        frames = told(url)
    tested = [s for s in load() if s.exporter == "node_exporter" and s.state is State.TESTED]
    assert len(tested) >= 15
    assert [s.name for s in tested if not np.isfinite(frames.get(s.name).values).any()] == []
    counters = [frames.get(s.name).values for s in tested if s.kind is Kind.COUNTER]
    assert all((np.diff(values, axis=1) >= 0).all() for values in counters)
    volumes = join(frames).volumes.values()
    names = {Path(path).name for path in Path("/sys/block").iterdir()}
    assert {volume.device for volume in volumes} <= names
    assert {volume.node for volume in volumes} == {Path("/proc/sys/kernel/hostname").read_text().strip()}
