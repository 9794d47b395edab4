"""Two nodes that share an NFS share, from exporters' series in a real server to the incident."""

from collections.abc import Iterator

import numpy as np
import pytest

from correlator.cli.backtest import incidents_of
from correlator.model.finding import SuspectKind, Verdict
from correlator.model.frame import Frames
from correlator.sources.prometheus import PrometheusSource
from tests.integration.asking import inquiry
from tests.played import Played, as_openmetrics, played
from tests.servers import SERVERS, holding
from tests.shared_scenes import VICTIM_REF, Client, SharedStory
from tests.unit.analysis.stories import LATER, ONSET, STEPS, during, slow_tokens, story

SIDES = {"READ": "node_mountstats_nfs_total_read_bytes_total", "WRITE": "node_mountstats_nfs_total_write_bytes_total"}

SHIFT_SECONDS = -100 * 86_400
"""Stories play in the future, which VictoriaMetrics does not take."""


def told() -> Frames:
    """The victim reads on n1; on n2 one of two pods behind a mount begins to write, and the share gets slow."""
    base = slow_tokens(story())
    base.reads_per_request = 0.0
    rng = np.random.default_rng(11)
    latency = during(base, 5e-4, 1e-2) * rng.normal(1.0, 0.05, STEPS)
    made = SharedStory(base, latency, waiting=during(base, 0.01, 0.5))
    writers = [("data", "reindex-0"), ("data", "etl-0")]
    made.clients = [
        Client("models", "n1", [VICTIM_REF], base.filled(160.0) * rng.normal(1.0, 0.05, STEPS), base.filled(0.0)),
        Client("scratch", "n2", writers, base.filled(2.0), during(base, 5.0, 800.0)),
        Client("logs", "n3", [("logging", "loki-0")], base.filled(2.0), base.filled(90.0)),
    ]
    return made.nfs()


def exposed(frames: Frames) -> Iterator[Played]:
    """As the exporters tell it; bytes are two metrics of node_exporter, by direction."""
    for each in played(frames, SHIFT_SECONDS):
        if each.metric not in SIDES.values():
            yield each
    times = (frames.grid.times().astype(np.float64) + SHIFT_SECONDS).tolist()
    frame = frames.get("nfs_bytes")
    for labels, row in zip(frame.labels, frame.values.tolist(), strict=True):
        told_of = dict(labels)
        yield Played(SIDES[told_of.pop("operation")], told_of, times, row)


@pytest.fixture(scope="module", params=SERVERS)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    """A server that holds what the exporters of all nodes told."""
    text = as_openmetrics(exposed(told()))
    with holding(text, request.param, tmp_path_factory.mktemp("two_nodes")) as source:
        yield source


def test_the_incident_names_the_other_node(source: PrometheusSource) -> None:
    """One contention on the share, whose accused is n2 as a whole: which of its pods did it cannot be told."""
    start = told().grid.start + SHIFT_SECONDS
    found = incidents_of(inquiry(source).steps(start + (ONSET - 20) * 15, start + LATER * 15), "")
    (incident,) = found
    assert incident.verdict is Verdict.CONTENTION
    assert incident.volume is not None
    assert (incident.volume.name, incident.volume.kind, incident.victim.node) == ("nfs/filer:/data", "nfs", "n1")
    assert [(each.kind, each.node) for each in incident.suspects if each.accused] == [(SuspectKind.NODE, "n2")]
