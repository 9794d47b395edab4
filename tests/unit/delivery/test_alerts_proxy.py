"""Alerts are passed on whatever goes wrong on our side, or with some of the Alertmanagers."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest

from correlator.alerting.annotate import Annotated
from correlator.alerting.passed import Passed
from correlator.delivery.alertmanagers import MOST_HELD_BYTES, Alertmanager
from correlator.delivery.alerts_proxy import MOST_HOPS, AlertsProxy
from correlator.delivery.http import Receiver
from correlator.sources.session import Access
from tests.alertmanagers import FakeAlertmanager, Fault, answering, fake_alertmanager, garbage, hang_up
from tests.factories import STARTED
from tests.lab.servers import free_port

BODY, ANNOTATED = b'[{"labels":{}}]', b'[{"labels":{},"annotations":{}}]'
HEADERS = {"content-type": "application/json"}


def annotated(body: bytes) -> Annotated:
    """What annotations make of a body."""
    return Annotated(ANNOTATED if body == BODY else body, [], int(body == BODY))


def at(url: str, timeout_seconds: float = 30.0) -> Alertmanager:
    """An Alertmanager of the proxy."""
    access = Access(read_timeout_seconds=timeout_seconds + 1, connect_timeout_seconds=timeout_seconds)
    return Alertmanager(url, partial(Receiver, url, access, {}), STARTED.timestamp)


@contextmanager
def proxy_to(
    *faults: Fault | None, annotate: Callable[[bytes], Annotated] = annotated, timeout_seconds: float = 30.0
) -> Iterator[tuple[AlertsProxy, Sequence[FakeAlertmanager]]]:
    """A proxy, and Alertmanagers to which that happens."""
    with ExitStack() as stack:
        fakes = [stack.enter_context(fake_alertmanager(fault)) for fault in faults]
        proxy = AlertsProxy([at(each.url, timeout_seconds) for each in fakes], annotate, timeout_seconds)
        yield proxy, fakes
        proxy.stop()


def post(proxy: AlertsProxy, body: bytes = BODY) -> Passed:
    """Pass a body on."""
    return asyncio.run(proxy.post(body, HEADERS))


def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens in another thread."""
    for _ in range(3000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never happened")


def test_every_alertmanager_gets_the_same() -> None:
    """With the headers by which it is read."""
    with proxy_to(None, None) as (proxy, fakes):
        assert post(proxy) == Passed(200)
        until(lambda: all(each.bodies for each in fakes))
        assert [each.bodies for each in fakes] == [[ANNOTATED], [ANNOTATED]]
        assert all(each.headers[0].items() >= HEADERS.items() for each in fakes)
        assert proxy.batches() == (("enriched", 1),)


def test_a_body_with_nothing_to_say_is_counted_as_such() -> None:
    """It goes along as it came."""
    with proxy_to(None) as (proxy, fakes):
        assert post(proxy, b"[]").status == 200
        assert fakes[0].bodies == [b"[]"]
        assert proxy.batches() == (("unchanged", 1),)


@pytest.mark.parametrize("fault", [answering(500), answering(400, "no"), answering(302), garbage, hang_up])
def test_one_alertmanager_is_enough(fault: Fault) -> None:
    """What is wrong with the other is told in the status, and not to Prometheus."""
    with proxy_to(fault, None) as (proxy, fakes):
        assert post(proxy).status == 200
        until(lambda: bool(proxy.status()[0].problem))
        assert fakes[1].bodies == [ANNOTATED]
        broken, sound = proxy.status()
        assert fakes[0].url in broken.problem
        assert dict(broken.outcomes).keys() <= {"failed", "refused"}
        assert dict(sound.outcomes) == {"delivered": 1}
        assert sound.last_success_at == STARTED


def test_one_that_does_not_answer_is_not_waited_for() -> None:
    """It hangs still when Prometheus has its answer; so it does at the next times."""
    with proxy_to(None, None) as (proxy, fakes):
        fakes[0].fault = fakes[0].hang
        for _ in range(20):
            assert post(proxy).status == 200
        assert fakes[0].hanging.is_set()
        assert not fakes[0].released.is_set()
        assert len(fakes[1].bodies) == 20


def test_success_needs_an_alertmanager() -> None:
    """Where none took it, Prometheus is told, and may try again."""
    with proxy_to(answering(503), hang_up) as (proxy, fakes):
        passed = post(proxy)
        assert passed.status == 502
        assert all(each.url in passed.detail for each in fakes)
    with proxy_to(answering(400, "bad labels"), answering(400)) as (proxy, _):
        passed = post(proxy)
        assert (passed.status, "bad labels" in passed.detail) == (400, True)


def test_nobody_waits_longer_than_set() -> None:
    """504 where none answers at all."""
    with proxy_to(None, timeout_seconds=0.3) as (proxy, fakes):
        fakes[0].fault = fakes[0].hang
        assert post(proxy).status == 504


def test_an_alertmanager_that_is_down_is_no_success() -> None:
    """Nor two of them."""
    proxy = AlertsProxy([at(f"http://127.0.0.1:{free_port()}") for _ in range(2)], annotated, 30.0)
    assert post(proxy).status == 502
    proxy.stop()


def test_a_kept_connection_that_was_closed_is_no_failure() -> None:
    """An Alertmanager, or what stands before it, may close one just when it is used again."""
    with proxy_to(None) as (proxy, fakes):
        assert post(proxy).status == 200
        broken = iter([hang_up])

        def once_broken(handler: Any) -> None:  # noqa: ANN401 - the fake's own
            next(broken, answering(200))(handler)

        fakes[0].fault = once_broken
        assert post(proxy).status == 200
        assert dict(proxy.status()[0].outcomes) == {"delivered": 2}


def test_annotations_that_hang_hold_up_nobody() -> None:
    """The alert arrives as it came while they hang still, however often that happens."""
    blocked = threading.Event()

    def hanging(body: bytes) -> Annotated:
        blocked.wait(60)
        return annotated(body)

    with proxy_to(None, annotate=hanging) as (proxy, fakes):
        for _ in range(5):
            assert post(proxy).status == 200
        assert not blocked.is_set()
        assert fakes[0].bodies == [BODY] * 5
        assert proxy.batches() == (("late", 5),)
        blocked.set()


def test_annotations_that_fail_leave_the_alert_as_it_came() -> None:
    """Whatever it is that fails."""

    def failing(body: bytes) -> Annotated:
        raise {b"1": ValueError("no JSON"), b"2": MemoryError()}.get(body, KeyError("x"))

    with proxy_to(None, annotate=failing) as (proxy, fakes):
        for body in (b"1", b"2", b"3"):
            assert post(proxy, body).status == 200
        assert fakes[0].bodies == [b"1", b"2", b"3"]
        assert proxy.batches() == (("failed", 3),)


def test_what_is_encoded_is_not_looked_into() -> None:
    """It goes on with the header that says how to read it."""
    with proxy_to(None) as (proxy, fakes):
        assert asyncio.run(proxy.post(BODY, {**HEADERS, "content-encoding": "gzip"})).status == 200
        assert fakes[0].bodies == [BODY]
        assert fakes[0].headers[0]["content-encoding"] == "gzip"


def test_what_is_on_its_way_is_bounded() -> None:
    """For one that hangs alone: the others get what there is. What has arrived makes room."""
    large = b"[" + b" " * (MOST_HELD_BYTES // 2) + b"]"
    with proxy_to(None, None) as (proxy, fakes):
        fakes[0].fault = fakes[0].hang
        assert post(proxy, large).status == 200
        assert fakes[0].hanging.wait(30)
        assert post(proxy, large).status == 200
        assert "too much" in proxy.status()[0].problem
        fakes[0].fault = None
        fakes[0].released.set()
        until(lambda: not proxy.status()[0].problem)
        assert post(proxy, large).status == 200
        until(lambda: dict(proxy.status()[0].outcomes) == {"delivered": 2, "failed": 1})
        until(lambda: len(fakes[1].bodies) == 3)


def test_a_circle_is_cut() -> None:
    """Where an Alertmanager's address leads back to us; another correlator in between is none."""
    with proxy_to(None) as (proxy, fakes):
        for _ in range(MOST_HOPS):
            via = {"via": fakes[0].headers[-1]["via"]} if fakes[0].headers else {"via": "1.1 ingress"}
            assert asyncio.run(proxy.post(BODY, {**HEADERS, **via})).status == 200
        assert fakes[0].headers[0]["via"] == "1.1 ingress, 1.1 correlator"
        assert asyncio.run(proxy.post(BODY, {**HEADERS, "via": fakes[0].headers[-1]["via"]})).status == 508
        assert len(fakes[0].bodies) == MOST_HOPS


def test_questions_go_to_the_first_that_answers() -> None:
    """Ready where one is."""
    with proxy_to(answering(503), None) as (proxy, _):
        assert asyncio.run(proxy.get("/-/ready")) == Passed(200, body=b"OK")
    with proxy_to(answering(503)) as (proxy, _):
        assert asyncio.run(proxy.get("/-/ready")).status == 502
