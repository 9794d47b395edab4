"""A real Prometheus, the proxy, and two real Alertmanagers: the first that a person hears names the culprit."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from correlator.alerting.fingerprint import fingerprint
from correlator.alerting.loops import KEYS
from tests import waiting
from tests.alert_paths import CULPRIT, NOW, VICTIM, Between, between
from tests.alertmanagers import alertmanager, alerts_of, fake_alertmanager, post_alerts
from tests.daemons import daemon
from tests.lab.servers import free_port
from tests.servers import prometheus

PATIENCE_SECONDS = 30.0
until = partial(waiting.until, patience_seconds=PATIENCE_SECONDS)
RULES = """
groups:
- name: test
  interval: 1s
  rules:
  - {alert: Slow, expr: vector(1), labels: {namespace: inference, pod: vllm-7c9f4-x2x8q, severity: page, odd: "ü π"},
     annotations: {summary: "First tokens are slow.", value: "{{ $value }}"}}
  - {alert: Collided, expr: vector(1), labels: {namespace: monitoring, pod: correlator-0, exported_namespace: inference,
     exported_pod: vllm-7c9f4-x2x8q}}
  - {alert: OnNode, expr: vector(1), labels: {job: node-exporter, instance: "n1:9100", namespace: monitoring}}
  - {alert: Elsewhere, expr: vector(1), labels: {namespace: other, pod: p}}
  - {alert: CorrelatorContention, expr: vector(1), labels: {namespace: inference, pod: vllm-7c9f4-x2x8q}}
"""
TOLD = {"Slow", "Collided", "OnNode"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two Alertmanagers, a cluster."""
    folder, ports = tmp_path_factory.mktemp("pair"), (free_port(), free_port())
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(
                alertmanager(
                    folder / str(own),
                    arguments=[
                        f"--cluster.listen-address=127.0.0.1:{own}",
                        f"--cluster.advertise-address=127.0.0.1:{own}",
                        f"--cluster.peer=127.0.0.1:{other}",
                        "--cluster.settle-timeout=0s",
                    ],
                )
            )
            for own, other in (ports, ports[::-1])
        )
        yield first, second


@pytest.fixture(scope="module")
def proxy(pair: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    """What stands before them."""
    with between(tmp_path_factory.mktemp("proxy"), pair) as running:
        wait_until_known(running)
        yield running


def wait_until_known(running: Between) -> None:
    """The contention has been read from the store."""
    until(lambda: running.alerting.enricher.of(VICTIM, NOW).incident_ids)


def alert(name: str, **labels: str) -> dict[str, Any]:
    """As Prometheus sends it."""
    return {
        "labels": {"alertname": name, **VICTIM, **labels},
        "annotations": {"summary": "slow"},
        "startsAt": NOW.isoformat(),
        "endsAt": "2999-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
    }


def named(url: str, name: str) -> list[dict[str, Any]]:
    """The alerts of a name that an Alertmanager holds."""
    return [each for each in alerts_of(url) if each["labels"]["alertname"] == name]


def get(url: str) -> tuple[int, bytes]:
    """An answer."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answered:  # noqa: S310 - loopback
            return answered.status, answered.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def posted(url: str, body: Any) -> int:  # noqa: ANN401 - bytes or alerts
    """The status of the answer, also where it is no success."""
    try:
        return post_alerts(url, body)
    except urllib.error.HTTPError as error:
        return error.code


def _holds(url: str, name: str, count: int) -> bool:
    return len(named(url, name)) == count


def test_what_prometheus_sends_arrives_with_its_cause_and_otherwise_unchanged(
    pair: tuple[str, str], proxy: Between, tmp_path: Path
) -> None:
    """A third Alertmanager is told directly: labels, fingerprint, times and generator URL are the same everywhere."""
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES, encoding="utf-8")
    with alertmanager(tmp_path / "direct") as direct:
        targets = [
            {"static_configs": [{"targets": [proxy.url.removeprefix("http://")]}], "path_prefix": "/alertmanager"},
            {"static_configs": [{"targets": [direct.removeprefix("http://")]}]},
        ]
        config = {
            "global": {"evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "alerting": {"alertmanagers": targets},
        }
        again = ["--rules.alert.resend-delay=1s"]  # it finds its Alertmanagers after the first alerts
        with prometheus(tmp_path / "prometheus", config=json.dumps(config), arguments=again):
            until(lambda: len(alerts_of(direct)) == 5 and all(named(url, "OnNode") for url in pair))
            expected = {each["fingerprint"]: each for each in alerts_of(direct)}
            first, second = ({each["fingerprint"]: each for each in alerts_of(url)} for url in pair)
    assert first.keys() == second.keys() == expected.keys()
    for identity, plain in expected.items():
        assert fingerprint(plain["labels"]) == identity
        for told in (first[identity], second[identity]):
            for key in ("labels", "startsAt", "generatorURL"):
                assert told[key] == plain[key]
            ours = {key: value for key, value in told["annotations"].items() if key in KEYS}
            assert {**plain["annotations"], **ours} == told["annotations"]
            assert bool(ours) == (plain["labels"]["alertname"] in TOLD)
            assert not ours or ours["correlator_suspects"] == f"{CULPRIT} (97 %)"
        assert first[identity]["annotations"] == second[identity]["annotations"]


def test_a_notification_names_the_culprit_at_once(tmp_path: Path) -> None:
    """Alertmanager's first words to a receiver have it."""
    with fake_alertmanager() as receiver:
        config = {
            "route": {"receiver": "hook", "group_wait": "0s"},
            "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{receiver.url}/hook"}]}],
        }
        with (
            alertmanager(tmp_path / "am", config=json.dumps(config)) as url,
            between(tmp_path / "proxy", [url]) as running,
        ):
            wait_until_known(running)
            assert post_alerts(running.url, [alert("Slow")]) == 200
            until(lambda: receiver.bodies)
        (told,) = json.loads(receiver.bodies[0])["alerts"]
    assert CULPRIT in told["annotations"]["correlator_suspects"]
    assert told["fingerprint"] == fingerprint(told["labels"])


def test_thousands_at_once_all_arrive(pair: tuple[str, str], proxy: Between) -> None:
    """From two Prometheus at once, in their batches; doubles are one alert, and none is without its cause."""
    alerts = [alert("Many", series=str(number)) for number in range(5_000)]
    batches = [alerts[begin : begin + 64] for begin in range(0, len(alerts), 64)]
    with ThreadPoolExecutor(8) as senders:
        statuses = list(senders.map(lambda batch: posted(proxy.url, batch), [*batches, *batches]))
    assert set(statuses) == {200}
    for url in pair:
        until(partial(_holds, url, "Many", 5_000))
        held = named(url, "Many")
        assert {each["labels"]["series"] for each in held} == {str(number) for number in range(5_000)}
        # a batch may have gone without a look on a busy machine: its next copy, which differs in nothing else, had one
        assert all(each["annotations"].items() >= {"summary": "slow"}.items() for each in held)
    counted = dict(proxy.alerting.batches())
    assert counted["enriched"] >= len(batches)
    assert not counted.get("failed")


def test_a_body_of_thousands_is_taken_and_larger_ones_are_refused(pair: tuple[str, str], proxy: Between) -> None:
    """16 MB are the most."""
    alerts = [alert("Body", series=str(number), pad="x" * 600) for number in range(5_000)]
    assert posted(proxy.url, alerts) == 200
    until(lambda: all(len(named(url, "Body")) == 5_000 for url in pair))
    announced = http.client.HTTPConnection(proxy.url.removeprefix("http://"), timeout=30)
    announced.putrequest("POST", "/api/v2/alerts")
    announced.putheader("Content-Length", "16000001")
    announced.endheaders()
    assert announced.getresponse().status == 413
    announced.close()


def test_what_an_alertmanager_refuses_is_refused(proxy: Between) -> None:
    """With what it said; and what is no JSON at all goes to it as well: it is the judge."""
    for body in (b"[{}]", b"nonsense", b'[{"labels": {"bad-name": "x"}}]'):
        assert posted(proxy.url, body) in {400, 422}


def test_prefix_and_status(proxy: Between) -> None:
    """With and without a prefix; its own readiness is another question."""
    assert post_alerts(f"{proxy.url}/alertmanager", [alert("Prefix")]) == 200
    assert get(f"{proxy.url}/alertmanager/-/ready") == (200, b"OK")
    for prefix in ("", "/alertmanager"):
        status, body = get(f"{proxy.url}{prefix}/api/v2/status")
        assert (status, "versionInfo" in json.loads(body)) == (200, True)


def test_one_alertmanager_may_be_down(pair: tuple[str, str], tmp_path: Path) -> None:
    """The status tells which; the other has the alert."""
    down = f"http://127.0.0.1:{free_port()}"
    with between(tmp_path, [down, pair[0]]) as running:
        assert post_alerts(running.url, [alert("HalfDown")]) == 200
        assert named(pair[0], "HalfDown")
        until(lambda: "failed" in running.delivered()[f"alertmanager/{down.removeprefix('http://')}"])
        assert get(f"{running.url}/alertmanager/-/ready")[0] == 200


def test_all_down_is_no_success(tmp_path: Path) -> None:
    """So that whoever sends tries again."""
    with between(tmp_path, [f"http://127.0.0.1:{free_port()}"]) as running:
        assert posted(running.url, [alert("Lost")]) == 502
        assert get(f"{running.url}/alertmanager/-/ready")[0] == 502


def test_alerts_arrive_while_the_store_is_gone(pair: tuple[str, str], tmp_path: Path) -> None:
    """With what was known last; and as they came where nothing ever was."""
    with between(tmp_path / "a", [pair[0]]) as running:
        wait_until_known(running)
        for path in (tmp_path / "a").iterdir():
            path.unlink()
        (tmp_path / "a" / "correlator.db").mkdir()
        assert post_alerts(running.url, [alert("StoreGone")]) == 200
        assert CULPRIT in named(pair[0], "StoreGone")[0]["annotations"]["correlator_suspects"]
    (tmp_path / "b" / "correlator.db").mkdir(parents=True)
    with between(tmp_path / "b", [pair[0]]) as running:
        assert post_alerts(running.url, [alert("NoStore")]) == 200
        assert named(pair[0], "NoStore")[0]["annotations"] == {"summary": "slow"}


def test_the_daemon_passes_alerts_on(pair: Sequence[str], tmp_path: Path) -> None:
    """Set by settings alone; its status and metrics tell how it goes, and a link finds the incident."""
    with between(tmp_path / "filled", pair):
        pass
    settings = {
        "CORRELATOR_STORE__PATH": str(tmp_path / "filled" / "correlator.db"),
        "CORRELATOR_ALERTING__PROXY__ALERTMANAGERS": json.dumps(list(pair)),
        "CORRELATOR_SINKS__EXTERNAL_URL": "https://correlator.example",
    }
    nowhere = f"http://127.0.0.1:{free_port()}"
    with daemon(tmp_path / "daemon", "--prometheus-url", nowhere, settings=settings) as running:

        def told() -> list[dict[str, Any]]:
            """The alert, once it came with its cause: the daemon reads its incidents meanwhile."""
            assert post_alerts(running.url, [alert("Daemon")]) == 200
            return [each for each in named(pair[1], "Daemon") if "correlator_suspects" in each["annotations"]]

        (found,) = until(told)
        assert CULPRIT in found["annotations"]["correlator_suspects"]
        sinks = {each["name"]: dict(each["outcomes"]) for each in running.get("/api/v1/status").json()["sinks"]}
        assert all(sinks[f"alertmanager/{url.removeprefix('http://')}"]["delivered"] for url in pair)
        assert 'correlator_alert_batches_total{outcome="enriched"}' in running.get("/metrics").text
        known = running.get(f"/api/v1/alerts/{found['fingerprint']}").json()
        assert known["found"]
        page = running.get(known["links"]["page"])
        assert page.headers["location"] == known["incidents"][0]["links"]["page"]
