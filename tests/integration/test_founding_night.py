"""The founding story as real servers hold it: what every exporter told, read by the catalogue as it ships."""

from collections.abc import Iterator

import numpy as np
import pytest

from correlator import catalog
from correlator.cli.backtest import incidents_of
from correlator.inquiry import Inquiry
from correlator.model.frame import Frames
from correlator.model.grid import Grid
from correlator.model.incident import Incident
from correlator.model.tier import USUAL_TIERS
from correlator.sources.prometheus import PrometheusSource
from tests.calibrated import calibrated
from tests.founding import BEGINS, DATABASE, ENDS, REINDEX, SERVER, night
from tests.played import Played, as_openmetrics, played
from tests.servers import SERVERS, holding
from tests.symptoms import Added


def with_etcd(frames: Frames) -> Frames:
    """With an etcd whose disk is another one, so that its numbers are read and nothing comes of them."""
    added, labels = Added(frames), {"namespace": "kube-system", "pod": "etcd-n1", "instance": "10.0.0.1:2381"}
    for bound, gain in (("0.001", 100.0), ("0.002", 250.0), ("+Inf", 300.0)):
        added.count("etcd_fsync_bucket", {**labels, "le": bound}, np.full(frames.grid.count, gain))
    added.count("etcd_fsync_sum", labels, np.full(frames.grid.count, 0.45))
    added.count("etcd_fsync_count", labels, np.full(frames.grid.count, 300.0))
    return added.result()


def told(frames: Frames) -> list[Played]:
    """What all exporters told, PostgreSQL's own word that it is up included."""
    times = (frames.grid.times() - 1.0).tolist()
    up = Played("pg_up", {"instance": f"{DATABASE}:9187"}, times, [1.0] * len(times))
    return [*played(frames), up]


@pytest.fixture(scope="module", params=SERVERS)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    """A Prometheus, and a VictoriaMetrics, that hold the night."""
    text = as_openmetrics(told(with_etcd(night())))
    with holding(text, request.param, tmp_path_factory.mktemp("night")) as source:
        yield source


def test_the_symptoms_are_read_as_their_exporters_tell_them(source: PrometheusSource) -> None:
    """Values, units and identity of each signal, as they were told."""
    written = with_etcd(night())
    grid = Grid(written.grid.start + 100 * written.grid.step, written.grid.step, 20)
    frames = source.fetch(catalog.load(), grid)
    names = ("postgresql_active_time", "postgresql_transactions", "etcd_fsync_sum", "etcd_fsync_count")
    for name in (*names, "etcd_fsync_bucket"):
        assert [dict(one) for one in frames.get(name).labels] == [dict(one) for one in written.get(name).labels]
        np.testing.assert_allclose(frames.get(name).values, written.get(name).values[:, 100:120])
    for name in ("postgresql_heartbeat", "etcd_heartbeat"):
        assert (grid.times() - frames.get(name).values[0]).max() <= written.grid.step


def test_the_night_is_one_episode(source: PrometheusSource) -> None:
    """The database and the server, by the re-index, and nobody else."""
    inquiry = Inquiry(
        source=source,
        signals=catalog.load(),
        parameters=calibrated(symptoms=catalog.load_symptoms(), history_seconds=0),
        tiers={},
        usual_tiers=USUAL_TIERS,
    )
    grid = night().grid
    first, last = (grid.start + step * grid.step for step in (BEGINS - 10, ENDS + 30))
    found: list[Incident] = incidents_of(inquiry.steps(first, last), "")
    assert {incident.victim.pod for incident in found} == {DATABASE, SERVER}
    assert len({incident.episode_id for incident in found}) == 1
    accused = {suspect.pod for incident in found for suspect in incident.suspects if suspect.accused}
    assert accused == {REINDEX}
    assert {incident.victim.tier for incident in found} == {"", "model-inference"}
