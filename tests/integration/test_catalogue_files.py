"""Each file of the catalogue against what its exporter shows, through a real Prometheus.

`exporters/NAME.txt` is what the exporter of `correlator/catalog/NAME.yaml` shows, after its documents and sources;
`exporters/NAME.yaml` has the rows of its frames, all of them, by signal: the labels beside those of the scrape target,
and the value.
"""

import math
import time
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from correlator.catalog import load
from correlator.model.frame import Frames, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Kind
from correlator.sources.prometheus import PrometheusSource
from tests.expositions import Exposition, config_for, serving
from tests.servers import prometheus

FOLDER = Path(__file__).parent / "exporters"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))
ELSEWHERE = {
    *("cadvisor", "kube_state_metrics", "node_exporter", "mountstats", "smartctl"),
    *("ceph", "ebs_csi", "longhorn", "minio", "portworx"),
}
"""Files that other tests hold against their exporters."""

WAIT_SECONDS = 60.0
SIGNALS = load()
Rows: TypeAlias = dict[str, dict[tuple[tuple[str, str], ...], float]]


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frames]:
    """Everything that one Prometheus has of all exporters, a moment after it first scraped them."""
    shown = {name: Exposition((FOLDER / f"{name}.txt").read_bytes()) for name in NAMES}
    folder = tmp_path_factory.mktemp("catalogue")
    with serving(shown) as address, prometheus(folder, config=config_for(NAMES, address)) as url:
        wanted = {f"{name}:1" for name in NAMES}
        until = time.monotonic() + WAIT_SECONDS
        while True:
            source = PrometheusSource(url)  # anew: what a server has is held for a minute
            found = source.fetch(SIGNALS, Grid(int(time.time()), 1, 1))
            source.close()
            beats = [found.get(signal.name) for signal in SIGNALS if signal.kind is Kind.HEARTBEAT]
            beating = {dict(labels)["instance"] for frame in beats for labels in frame.labels}
            if beating >= wanted:
                break
            assert time.monotonic() < until, f"never scraped: {wanted - beating}"
            time.sleep(0.2)
        yield found


def rows_of(frames: Frames, name: str) -> Rows:
    """What there is of one exporter, heartbeats apart: it would be what Prometheus knows of the time."""
    kinds = {signal.name: signal.kind for signal in SIGNALS}
    found: Rows = {}
    for signal, frame in frames.by_signal.items():
        for labels, values in zip(frame.labels, frame.values, strict=True):
            if ("instance", f"{name}:1") in labels and kinds[signal] is not Kind.HEARTBEAT:
                found.setdefault(signal, {})[labels] = float(values[0])
    return found


def expected_rows(name: str) -> Rows:
    """What there must be, with the labels of its scrape target."""
    target = {"instance": f"{name}:1", "namespace": "inference", "pod": f"{name.replace('_', '-')}-0"}
    told: Mapping[str, list[dict[str, Any]]] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return {
        signal: {labels_of({**target, **row, "value": ""}): float(row["value"]) for row in rows}
        for signal, rows in told.items()
    }


def test_every_file_is_held_against_its_exporter() -> None:
    """No file of the catalogue is without a test."""
    files = {item.name.removesuffix(".yaml") for item in resources.files("correlator.catalog").iterdir()}
    bundled = {name for name in files if (resources.files("correlator.catalog") / f"{name}.yaml").is_file()}
    assert set(NAMES) == bundled - ELSEWHERE


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_what_the_exporter_shows(frames: Frames, name: str) -> None:
    """Values, units and identities are those that the exporter means, and there is no row beside them."""
    found, expected = rows_of(frames, name), expected_rows(name)
    assert {signal: set(rows) for signal, rows in found.items()} == {
        signal: set(rows) for signal, rows in expected.items()
    }
    for signal, rows in expected.items():
        for labels, value in rows.items():
            assert math.isclose(found[signal][labels], value, rel_tol=1e-12), (signal, labels)


def test_nothing_is_odd_about_it(frames: Frames) -> None:
    """The only remark is on the bound that one server shows under two spellings."""
    assert [(spot.signal, spot.reason.split(":")[0]) for spot in frames.quality] == [("ttft_bucket", "duplicate")]
