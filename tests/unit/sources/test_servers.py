"""Who answers Prometheus' API, and what each of them wants."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from correlator.model.frame import BlindSpot
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal
from correlator.model.source import SourceError
from correlator.sources.census import differing_labels, doubled, server_found
from correlator.sources.prometheus import PrometheusSource
from correlator.sources.servers import Server, ServerKind, hidden_seconds, recognised
from correlator.sources.session import Access
from tests.unit.sources.fake_prometheus import (
    MIMIR_BUILD,
    PROMETHEUS_BUILD,
    THANOS_BUILD,
    FakePrometheus,
    Reply,
    serving,
)

NOW = 1_000_000
INFO = Signal(
    name="info",
    unit="info",
    kind=Kind.INFO,
    aspect=Aspect.TOPOLOGY,
    query="max by (pod) (info)",
    labels=("pod",),
    exporter="e",
)


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    """A server on loopback."""
    with serving(FakePrometheus(now=NOW)) as served:
        yield served


def reading(fake: FakePrometheus, **access: object) -> PrometheusSource:
    """A source on the server."""
    return PrometheusSource(fake.url + fake.prefix, Access(backoff_seconds=0.0, **access), clock=lambda: NOW)  # type: ignore[arg-type] # settings of a test


@pytest.mark.parametrize(
    ("build", "headers", "expected"),
    [
        (PROMETHEUS_BUILD, {}, Server(ServerKind.PROMETHEUS, "2.42.0")),
        ({**PROMETHEUS_BUILD, "version": "3.14.0"}, {}, Server(ServerKind.PROMETHEUS, "3.14.0")),
        (THANOS_BUILD, {}, Server(ServerKind.THANOS, "0.39.2")),
        (MIMIR_BUILD, {}, Server(ServerKind.MIMIR, "2.16.0")),
        ({"version": "2.24.0"}, {}, Server(ServerKind.VICTORIAMETRICS)),
        ({}, {"X-Server-Hostname": "vmselect-0"}, Server(ServerKind.VICTORIAMETRICS)),
        ({}, {}, Server(ServerKind.OTHER)),
        (None, {}, Server(ServerKind.OTHER)),
    ],
)
def test_servers_are_told_apart(build: object, headers: dict[str, str], expected: Server) -> None:
    """By what they say of their build; whoever says nothing is another one."""
    assert recognised(build, headers) == expected


@pytest.mark.parametrize(("stamp", "told", "hidden"), [(100.0, 100.0, 0.0), (100.9, 100.5, 0.0), (100.0, 70.24, 30.0)])
def test_what_is_hidden_is_never_underrated(stamp: float, told: float, hidden: float) -> None:
    """Half a second is the way of the answer; what is more is rounded up."""
    assert hidden_seconds(stamp, told) >= hidden
    assert hidden_seconds(stamp, told) <= hidden + 1


def test_the_span_ends_where_values_are_hidden(fake: FakePrometheus) -> None:
    """Of VictoriaMetrics the newest half minute is not asked for, and its clock is not taken for late."""
    fake.hides_seconds = 30.0
    source = reading(fake)
    assert source.span(NOW)[1] == pytest.approx(NOW - 31, abs=1.0)
    assert source.clock_difference_seconds() == 0.0
    source.close()


def test_a_late_clock_hides_more(fake: FakePrometheus) -> None:
    """What is hidden goes by the server's clock: where that is 4 s late, ours must wait 4 s longer."""
    fake.hides_seconds, fake.now = 30.0, NOW - 4
    source = reading(fake)
    assert source.span(NOW)[1] <= NOW - 34
    source.close()


def test_every_query_has_what_some_server_needs(fake: FakePrometheus) -> None:
    """No cache that shifts ranges, nothing downsampled, and the labels of replicas where they are set."""
    source = reading(fake, replica_labels=("prometheus_replica",), parameters={"dedup": "true"})
    source.fetch([INFO], Grid(NOW, 1, 1))
    source.close()
    form = next(asked.form for asked in fake.asked if "start" in asked.form)
    assert {name: form[name] for name in ("nocache", "latency_offset", "max_source_resolution", "dedup")} == {
        "nocache": "1",
        "latency_offset": "1ms",
        "max_source_resolution": "0s",
        "dedup": "true",
    }
    assert form["replicaLabels[]"] == "prometheus_replica"


def test_thanos_with_a_store_down_is_partial(fake: FakePrometheus) -> None:
    """HTTP 200 with a warning: what is there is taken, and that something is missing is told as such."""
    fake.build = THANOS_BUILD
    fake.extras = {"warnings": ["receive series from Addr: 10.0.0.7:10901: rpc error: code = Unavailable"]}
    fake.series["max by (pod) (info)"] = [({"pod": "a"}, {NOW: "1"})]
    source = reading(fake)
    frames = source.fetch([INFO], Grid(NOW, 1, 1))
    assert frames.get("info").labels == ((("pod", "a"),),)
    assert [spot.reason.partition(":")[0] for spot in frames.quality] == ["partial"]
    assert source.server() == Server(ServerKind.THANOS, "0.39.2")
    source.close()


def test_mimir_needs_prefix_and_tenant(fake: FakePrometheus, tmp_path: Path) -> None:
    """With both it answers aligned questions; without one the error says which address or what the server said."""
    fake.build, fake.prefix, fake.tenant_header = MIMIR_BUILD, "/prometheus", "X-Scope-OrgID"
    fake.series["max by (pod) (info)"] = [({"pod": "a"}, {NOW: "1"})]
    tenant = tmp_path / "tenant"
    tenant.write_text("team-a\n")
    source = reading(fake, header_files={"X-Scope-OrgID": tenant})
    grid = Grid.covering(NOW - 60, NOW, 15)
    source.fetch([INFO], grid)
    assert source.server().kind is ServerKind.MIMIR
    source.close()
    ranges = [asked for asked in fake.asked if "start" in asked.form]
    assert all(int(asked.form["start"]) % 15 == 0 and int(asked.form["end"]) % 15 == 0 for asked in ranges)
    assert {asked.headers["X-Scope-OrgID"] for asked in fake.asked} == {"team-a"}
    assert "team-a" not in repr(source._questions.access)
    nobody = reading(fake)
    with pytest.raises(SourceError, match="HTTP 401: no org id"):
        nobody.fetch([INFO], grid)
    nobody.close()
    astray = PrometheusSource(fake.url, Access(backoff_seconds=0.0, headers={"X-Scope-OrgID": "a"}))
    with pytest.raises(SourceError, match="a Mimir's address ends in /prometheus"):
        astray.fetch([INFO], grid)
    astray.close()


def test_one_cluster_of_many_is_read(fake: FakePrometheus) -> None:
    """The matcher stands in every selector, as data, whatever the name has in it."""
    source = reading(fake, match={"cluster": 'eu.1"'})
    fake.series['max by (pod) (info{cluster=~"eu\\\\.1\\""})'] = [({"pod": "a"}, {NOW: "1"})]
    assert source.fetch([INFO], Grid(NOW, 1, 1)).get("info").labels == ((("pod", "a"),),)
    source.close()


def test_who_answers_is_told_or_why_nobody_does(fake: FakePrometheus) -> None:
    """A server without build information is of another kind, one that is away has an error."""
    source = reading(fake, retries=0)
    fake.replies = [Reply(b"404 page not found", 404)]
    assert source.server().kind is ServerKind.OTHER
    fake.replies = [Reply(b"", 503)]
    gone = server_found("nodes", source)
    assert (gone.name, gone.clock_difference_seconds) == ("nodes", None)
    assert "HTTP 503" in gone.error
    source.close()


def up(**labels: str) -> tuple[dict[str, str], dict[int, str]]:
    """A target that is up."""
    return {"job": "node", "instance": "a:9100", **labels}, {NOW: "1"}


def test_replicas_are_named_by_the_label_that_differs(fake: FakePrometheus) -> None:
    """A target that two equal Prometheus saw: the label is told, so that it can be set."""
    both = [up(prometheus_replica="0"), up(prometheus_replica="1")]
    fake.series["topk(1, up)"] = both[:1]
    fake.series['up{job="node",instance="a:9100"}'] = both
    source = reading(fake)
    (remedy,) = doubled(source, NOW)
    assert "replica_labels to [prometheus_replica]" in remedy.remedy
    fake.series['up{job="node",instance="a:9100"}'] = both[:1]
    assert doubled(source, NOW) == ()
    source.close()


def test_series_that_differ_least_decide() -> None:
    """Of three series of one address, two are of replicas and one is of another cluster."""
    rows = [{"r": "0", "c": "x"}, {"r": "0", "c": "y", "z": "1"}, {"r": "1", "c": "x"}]
    assert differing_labels(rows) == {"r"}
    assert differing_labels(rows[:1]) == set()


def test_several_clusters_are_named(fake: FakePrometheus) -> None:
    """Pods of one name in two clusters would be one pod: it is said before anybody is accused."""
    fake.series["count by (cluster) (kube_pod_info)"] = [
        ({"cluster": name}, {NOW: "9"}) if name else ({}, {NOW: "9"}) for name in ("us-1", "", "eu-1")
    ]
    source = reading(fake)
    (remedy,) = doubled(source, NOW)
    assert remedy.finding.startswith("2 clusters are here (eu-1, us-1)")
    source.close()


def test_a_partial_answer_of_victoria_metrics_is_told(fake: FakePrometheus) -> None:
    """A vmstorage that is down."""
    fake.extras = {"isPartial": True}
    source = reading(fake)
    spots = source.fetch([INFO], Grid(NOW, 1, 1)).quality
    assert spots == (BlindSpot("info", "partial: the server answered with a part of its data"),)
    source.close()
