"""Real Alertmanagers behind which we stand, and receivers that go wrong: no alert is lost, and a double is known."""

import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import waiting
from tests.alert_paths import CULPRIT, VICTIM, Between, serving
from tests.alert_receivers import Fault, Held, garbage, hang_up, receiver, slow, status
from tests.alertmanagers import alertmanager, post_alerts
from tests.daemons import daemon
from tests.lab.servers import free_port
from tests.small_disks import fill
from tests.small_disks import small_disk as mounted

PATH = "/api/v1/alertmanager/webhook"
NOWHERE = ("--prometheus-url", "http://127.0.0.1:1")
QUICK = {"first_pause": "50ms", "longest_pause": "200ms"}
PATIENCE_SECONDS = 60.0
until = partial(waiting.until, patience_seconds=PATIENCE_SECONDS)


def config(url: str, group_by: str = "['...']") -> str:
    """An Alertmanager that tells us of each group at once."""
    return f"""
route: {{receiver: correlator, group_by: {group_by}, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: correlator
    webhook_configs: [{{url: "{url}{PATH}", send_resolved: true, max_alerts: 0}}]
"""


def alerts(
    number: int,
    label: str = "pod",
    *,
    resolved: bool = False,
    first: int = 0,
    labels: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """As many pods that are slow, or are no more; another label than `pod` names nothing that incidents know."""
    now = datetime.now(UTC)
    ends = {"endsAt": (now - timedelta(milliseconds=10)).isoformat()} if resolved else {}
    return [
        {
            "labels": {"alertname": "Slow", label: f"vllm-{each}", "batch": str(each // 50), **(labels or {})},
            "annotations": {"summary": f"vllm-{each} is slow"},
            "startsAt": (now - timedelta(minutes=1)).replace(second=0, microsecond=0).isoformat(),
            **ends,
        }
        for each in range(first, first + number)
    ]


def pods(number: int, state: str) -> list[tuple[str, str]]:
    """What must arrive of them."""
    return [(f"vllm-{each}", state) for each in range(number)]


def webhook(*urls: str, **more: object) -> dict[str, object]:
    """Settings of `alerting`: receivers at these addresses, tried again soon."""
    named = {f"r{number}": {"kind": "webhook", "url": url, "timeout": "500ms"} for number, url in enumerate(urls)}
    return {"webhook": {"receivers": named, **QUICK, **more}}


def status_of(running: Between, name: str = "alerts/r0") -> dict[str, int]:
    """How often each outcome came."""
    return running.delivered()[name]


@pytest.fixture
def held() -> Iterator[Held]:
    """A receiver."""
    with receiver() as made:
        yield made


def said(test: str, held: Held, posted: int) -> None:
    """The counts, for whoever reads the log."""
    taken = held.taken
    print(  # noqa: T201 - counts are to be seen
        f"{test}: {posted} alerts posted, {len(held.requests)} requests, {len(taken)} taken, "
        f"{len({each.key for each in taken})} keys, {held.doubles} doubles, "
        f"{posted - len(set(held.told()))} lost"
    )


def test_the_first_notification_names_the_culprit(tmp_path: Path, held: Held) -> None:
    """A real Alertmanager's payload passes whole, with the cause; its end follows; our own alerts stay as they are."""
    cause = ("contention", f"{CULPRIT} (97 %)")
    with (
        serving(tmp_path / "c", webhook(held.url)) as running,
        alertmanager(tmp_path / "am", config=config(running.url)) as am,
    ):
        post_alerts(am, alerts(1, labels=VICTIM))
        post_alerts(am, alerts(1, labels={"alertname": "CorrelatorContention", "namespace": "inference"}))
        until(lambda: len(held.taken) == 2)
        post_alerts(am, alerts(1, resolved=True, labels=VICTIM))
        until(lambda: len(held.taken) == 3)
        by_name = {
            (each.json()["alerts"][0]["labels"]["alertname"], each.json()["status"]): each for each in held.taken
        }
        first, over = by_name["Slow", "firing"].json(), by_name["Slow", "resolved"].json()
        known = httpx.get(f"{running.url}/api/v1/alerts/{first['alerts'][0]['fingerprint']}", trust_env=False)
    for told in (first, over):
        annotations = told["alerts"][0]["annotations"]
        assert (annotations["correlator_verdict"], annotations["correlator_suspects"]) == cause
        assert annotations["summary"] == "vllm-0 is slow"
        assert told["version"] == "4"
        assert told["commonAnnotations"] == annotations
    own = by_name["CorrelatorContention", "firing"].json()
    assert set(own["alerts"][0]["annotations"]) == {"summary"}
    assert known.json()["annotations"]["correlator_suspects"] == cause[1]


FAULTS: Mapping[str, Sequence[Fault]] = {
    "500": [status(500)] * 5,
    "429": [status(429, retry_after="1")] * 2,
    "garbage": [garbage, hang_up] * 3,
    "slow": [slow(0.8)] * 2,
}


def test_nothing_is_lost_whatever_the_receiver_does(tmp_path: Path) -> None:
    """Down, 500, 429, garbage, slow: each alert arrives, firing before resolved; no receiver waits for another."""
    number, port = 30, free_port()
    with ExitStack() as stack:
        bad = {name: stack.enter_context(receiver()) for name in FAULTS}
        for name, script in FAULTS.items():
            bad[name].script = list(script)
        urls = [f"http://127.0.0.1:{port}/hook", *(each.url for each in bad.values())]
        running = stack.enter_context(serving(tmp_path / "c", webhook(*urls)))
        am = stack.enter_context(alertmanager(tmp_path / "am", config=config(running.url)))
        post_alerts(am, alerts(number))
        until(lambda: all(len(each.told()) == number for each in bad.values()))
        assert status_of(running)["retried"] > 0
        back = stack.enter_context(receiver(port))
        until(lambda: len(back.told()) == number)
        post_alerts(am, alerts(number, resolved=True))
        every = {"down": back, **bad}
        until(lambda: all(len(each.told()) == 2 * number for each in every.values()))
        retried = {name: status_of(running, f"alerts/r{place}")["retried"] for place, name in enumerate(every)}
    for name, each in every.items():
        said(name, each, 2 * number)
        assert each.told() == dict.fromkeys([*pods(number, "firing"), *pods(number, "resolved")], 1)
        order: dict[str, list[str]] = {}
        for request in each.taken:
            for alert in request.json()["alerts"]:
                states = order.setdefault(alert["labels"]["pod"], [])
                if alert["status"] not in states:
                    states.append(alert["status"])
        assert set(map(tuple, order.values())) == {("firing", "resolved")}
        assert retried[name] >= (1 if name == "down" else len(FAULTS[name]))
        by_key: dict[str, set[bytes]] = {}
        for request in each.requests:
            by_key.setdefault(request.key, set()).add(request.body)
        assert all(len(bodies) == 1 for bodies in by_key.values())
    first, second, third = (request.at for request in bad["429"].requests[:3])
    assert min(second - first, third - second) >= 1.0


def settings_of(url: str, wait: str = "1m") -> dict[str, str]:
    """A daemon that tells a receiver."""
    receivers = {"r0": {"kind": "webhook", "url": url, "timeout": "1m"}}
    return {
        "CORRELATOR_ALERTING__WEBHOOK__WAIT": wait,
        "CORRELATOR_ALERTING__WEBHOOK__RECEIVERS": json.dumps(receivers),
        "CORRELATOR_ALERTING__WEBHOOK__FIRST_PAUSE": "100ms",
        "CORRELATOR_ALERTING__WEBHOOK__LONGEST_PAUSE": "1s",
    }


def taken_in(url: str) -> Mapping[str, int]:
    """What became of posts."""
    return dict(httpx.get(f"{url}/api/v1/status", trust_env=False, timeout=20).json()["alerts"]["outcomes"])


def test_killed_between_accept_and_delivery(tmp_path: Path, held: Held) -> None:
    """Whatever was answered 200 is delivered after the next start, once.

    Some waited for their cause, some for the receiver; what had arrived and was not answered comes again under its key.
    """
    waiting, sent = 8, 8
    held.always = slow(60)
    with daemon(tmp_path / "c", *NOWHERE, settings=settings_of(held.url)) as running:
        with alertmanager(tmp_path / "am", config=config(running.url)) as am:
            post_alerts(am, [*alerts(waiting), *alerts(sent, "app", first=waiting)])
            until(lambda: taken_in(running.url)["kept"] == waiting + sent)
            until(lambda: held.requests)
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait(20)
    assert held.taken == []
    before = {each.key: each.body for each in held.requests}
    held.always = None
    with daemon(tmp_path / "c", *NOWHERE, settings=settings_of(held.url, wait="1s")) as running:
        running.until(lambda: len(held.told()) == waiting + sent)
    said("killed", held, waiting + sent)
    assert held.told() == dict.fromkeys(pods(waiting + sent, "firing"), 1)
    again = {each.key: each.body for each in held.taken}
    assert len(before) == 1
    assert before.items() <= again.items()


def test_two_alertmanagers_that_say_the_same(tmp_path: Path, held: Held) -> None:
    """Not joined as a cluster, both post everything: each alert goes out once."""
    number = 25
    with ExitStack() as stack:
        running = stack.enter_context(serving(tmp_path / "c", webhook(held.url, wait="0s")))
        both = [stack.enter_context(alertmanager(tmp_path / name, config=config(running.url))) for name in ("a", "b")]
        for resolved in (False, True):
            posted = alerts(number, resolved=resolved)
            for am in both:
                post_alerts(am, posted)
            count = 2 * number * (2 if resolved else 1)
            until(lambda count=count: sum(posts_of(running).values()) >= count)  # type: ignore[misc]
            until(lambda count=count: len(held.taken) >= count // 2)  # type: ignore[misc]
        outcomes = posts_of(running)
    said("two Alertmanagers", held, 2 * number)
    assert outcomes == {"kept": 2 * number, "double": 2 * number, "refused": 0, "unstored": 0}
    assert held.told() == dict.fromkeys([*pods(number, "firing"), *pods(number, "resolved")], 1)
    assert held.doubles == 0


def posts_of(running: Between) -> dict[str, int]:
    """What became of posts."""
    return dict(running.alerting.webhook.status().outcomes)


def test_five_thousand_alerts_at_once(tmp_path: Path, held: Held) -> None:
    """In a hundred groups, to a receiver that fails now and then."""
    number = 5_000
    held.script = [None, None, None, status(500), None, None, garbage] * 8  # type: ignore[list-item]
    with (
        serving(tmp_path / "c", webhook(held.url)) as running,
        alertmanager(tmp_path / "am", config=config(running.url, "[batch]")) as am,
    ):
        for first in range(0, number, 256):  # as Prometheus does
            post_alerts(am, alerts(min(256, number - first), first=first))
        until(lambda: len(held.told()) >= number)
        until(lambda: not running.alerting.sinks()[0].backlog)
    said("5,000", held, number)
    assert set(held.told()) == set(pods(number, "firing"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    with mounted(tmp_path / "small", 4) as folder:
        yield folder


def test_a_full_disk_is_answered_with_5xx_and_nothing_is_lost(small_disk: Path, tmp_path: Path, held: Held) -> None:
    """Alertmanager keeps what we cannot; once there is room, all of it arrives."""
    number = 10
    with ExitStack() as stack:
        running = stack.enter_context(serving(small_disk, webhook(held.url)))
        am = stack.enter_context(alertmanager(tmp_path / "am", config=config(running.url)))
        post_alerts(am, alerts(number))
        until(lambda: len(held.told()) == number)
        filler = fill(small_disk)
        post_alerts(am, alerts(number, resolved=True))
        until(lambda: posts_of(running)["unstored"] >= number)
        answer = httpx.post(f"{running.url}{PATH}", content=b'{"alerts": [{}]}', trust_env=False, timeout=30)
        filler.unlink()
        until(lambda: len(held.told()) == 2 * number)
    said("full disk", held, 2 * number)
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "nothing stored is lost" in answer.json()["detail"]
    assert held.told() == dict.fromkeys([*pods(number, "firing"), *pods(number, "resolved")], 1)


def test_what_is_refused_can_be_tried_again(tmp_path: Path, held: Held) -> None:
    """A dead letter is seen with its reason, in REST and metrics; it goes out again on request, under the same key."""
    held.script = [status(400)]
    with ExitStack() as stack:
        running = stack.enter_context(serving(tmp_path / "c", webhook(held.url, wait="0s")))
        with httpx.Client(base_url=running.url, trust_env=False) as client:
            body = {"groupKey": "g", "alerts": [{"labels": {"pod": "vllm-0"}, "status": "firing"}]}
            assert client.post(PATH, json=body).json() == {"alerts": 1, "double": False}
            (dead,) = until(lambda: client.get("/api/v1/deliveries").json()["items"])
            assert (dead["sink"], dead["state"]) == ("alerts/r0", "dead")
            assert "answered 400: no" in dead["reason"]
            assert client.get("/api/v1/deliveries?sink=alerts/r1").json()["items"] == []
            assert client.get("/api/v1/deliveries?state=waiting").json()["items"] == []
            assert client.post(f"/api/v1/deliveries/{dead['id']}/retry").json() == {"id": dead["id"]}
            until(lambda: held.taken)
            assert client.post(f"/api/v1/deliveries/{dead['id']}/retry").status_code == httpx.codes.NOT_FOUND
    assert [each.key for each in held.requests] == [held.taken[0].key] * 2
