"""Events on pods, by an API server's own rules."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import EventsV1Event

from correlator.delivery.errors import DeliveryError, PointlessError, RefusedError, TransientError
from correlator.delivery.pod_events import PodEventSink
from correlator.incidents.lifecycle import Event
from correlator.kubernetes.connection import from_kubeconfig
from correlator.model.finding import SuspectKind, Verdict
from tests.factories import HOSTILE, STARTED, make_suspect, make_victim
from tests.kubernetes_api import Api, Handler, Server, kubeconfig, pod, serving
from tests.unit.delivery.stories import opened, resolved, updated

VICTIM, CULPRIT = "vllm-7c9f4-x2x8q", "reindex-28812345-h8kz2"
TOKEN = "ours"
EVENTS = "/apis/events.k8s.io/v1/namespaces/inference/events"
POD = f"/api/v1/namespaces/inference/pods/{VICTIM}"


@pytest.fixture
def server() -> Iterator[Server]:
    """A cluster with both pods."""
    api = Api(token=TOKEN)
    api.put("/api/v1/pods", pod(VICTIM, "inference"))
    api.put("/api/v1/pods", pod(CULPRIT, "rag"))
    with serving(api) as running:
        yield running


@pytest.fixture
def sink(server: Server, tmp_path: Path) -> Iterator[PodEventSink]:
    """A sink that tells it."""
    made = sink_of(server, tmp_path)
    yield made
    made.close()


def sink_of(server: Server, folder: Path, token: str = TOKEN, instance: str = "correlator-0") -> PodEventSink:
    """A sink with a kubeconfig."""
    path = folder / "kubeconfig"
    path.write_text(kubeconfig(server.url, token))
    return PodEventSink(lambda: from_kubeconfig(path, ""), instance)


def tell(sink: PodEventSink, *events: Event) -> list[DeliveryError]:
    """Deliver them; what went wrong."""
    failures = []
    for each in events:
        for parcel in sink.prepare(each):
            try:
                sink.send(parcel.body)
            except DeliveryError as error:
                failures.append(error)
    return failures


def told(server: Server) -> list[tuple[str, str, str, str]]:
    """(namespace, pod, type, reason) of each Event, in the order in which they were made."""
    return [
        (each["metadata"]["namespace"], each["regarding"]["name"], each["type"], each["reason"])
        for each in server.api.events.values()
    ]


def answering(code: int, **headers: str) -> Any:  # noqa: ANN401 - a fault
    """A fault."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(handler: Handler) -> None:
        handler.send_body(code, b'{"kind": "Status", "message": "scripted"}', given)

    return answer


def test_victim_and_culprit_are_told_in_the_beginning_and_in_the_end(server: Server, sink: PodEventSink) -> None:
    """Each on its own pod, in its own namespace: a warning, and an all-clear. A bystander is not told."""
    assert tell(sink, opened(), resolved()) == []
    assert told(server) == [
        ("inference", VICTIM, "Warning", "StorageContention"),
        ("rag", CULPRIT, "Warning", "CausesStorageContention"),
        ("inference", VICTIM, "Normal", "StorageContentionResolved"),
        ("rag", CULPRIT, "Normal", "CausesStorageContentionResolved"),
    ]


def test_event_has_what_kubectl_shows(server: Server, sink: PodEventSink) -> None:
    """The pod's uid, without which nobody finds it; the time of the step; the words; who is meant on the other side."""
    tell(sink, opened())
    victim, culprit = server.api.events.values()
    assert victim["regarding"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "inference",
        "name": VICTIM,
        "uid": f"uid-inference-{VICTIM}",
    }
    assert victim["eventTime"] == "2026-11-23T02:04:45.000000Z"
    assert victim["note"].startswith("contention: inference/vllm-7c9f4-x2x8q, p95 TTFT 242 ms instead of 75 ms")
    assert (victim["action"], victim["reportingInstance"]) == ("Detected", "correlator-0")
    assert "related" not in victim
    assert culprit["related"]["name"] == VICTIM


def test_events_are_what_the_published_model_of_the_api_knows(server: Server, sink: PodEventSink) -> None:
    """The client's model, made from the API's own description, takes every field and knows each: none is misspelt."""
    tell(sink, opened(), updated(), resolved())
    for made in server.api.events.values():
        known = EventsV1Event.model_validate(made)
        assert known.regarding is not None
        assert (known.reason, known.regarding.uid) == (made["reason"], made["regarding"]["uid"])
        assert (known.series is None) == (made["type"] == "Normal")


def test_repetition_of_a_delivery_is_known(server: Server, sink: PodEventSink, tmp_path: Path) -> None:
    """The name follows from incident, state and pod: after a restart, elsewhere, nothing is doubled or counted."""
    tell(sink, opened(), updated(), resolved())
    before = dict(server.api.events)
    assert tell(sink_of(server, tmp_path, instance="correlator-1"), opened(), updated(), resolved()) == []
    assert server.api.events == before


def test_looks_that_say_the_same_become_a_series(server: Server, sink: PodEventSink) -> None:
    """With a count and the time of the newest look, and no Event more."""
    assert tell(sink, opened(), updated(2, minutes=2), updated(3, minutes=4)) == []
    assert [each.get("series") for each in server.api.events.values()] == [
        {"count": 3, "lastObservedTime": "2026-11-23T02:08:15.000000Z"}
    ] * 2


def test_another_verdict_and_another_culprit_are_news(server: Server, sink: PodEventSink) -> None:
    """Each change of state has an Event of its own."""
    server.api.put("/api/v1/pods", pod("other", "rag"))
    tell(sink, opened(verdict=Verdict.UNDETERMINED, suspects=()), updated(suspects=(make_suspect(pod="other"),)))
    assert told(server) == [
        ("inference", VICTIM, "Warning", "Regression"),
        ("inference", VICTIM, "Warning", "StorageContention"),
        ("rag", "other", "Warning", "CausesStorageContention"),
    ]


def test_event_that_the_server_has_forgotten_is_made_anew(server: Server, sink: PodEventSink) -> None:
    """It keeps them for an hour; an incident may last longer."""
    tell(sink, opened())
    server.api.events.clear()
    assert tell(sink, updated()) == []
    assert len(server.api.events) == 2


def test_accused_that_is_no_pod_has_no_event(server: Server, sink: PodEventSink) -> None:
    """A node and unattributed I/O are spoken of on the victim."""
    suspects = (make_suspect(kind=SuspectKind.NODE), make_suspect(kind=SuspectKind.UNATTRIBUTED))
    assert tell(sink, opened(suspects=suspects)) == []
    assert len(server.api.events) == 1


def test_pod_that_is_gone_is_not_spoken_of(server: Server, sink: PodEventSink) -> None:
    """It has no uid any more; the other pod is told all the same."""
    server.api.delete("/api/v1/pods", f"uid-rag-{CULPRIT}")
    (failure,) = tell(sink, opened())
    assert isinstance(failure, PointlessError)
    assert f"rag/{CULPRIT} is gone" in str(failure)
    assert [name for _, name, _, _ in told(server)] == [VICTIM]


def test_pod_of_the_same_name_is_not_blamed(server: Server, sink: PodEventSink) -> None:
    """A StatefulSet gives the name to the next pod: what was born after the event is not the one."""
    young = pod(CULPRIT, "rag")
    young["metadata"]["creationTimestamp"] = f"{STARTED + timedelta(hours=1):%FT%TZ}"
    server.api.put("/api/v1/pods", young)
    (failure,) = tell(sink, opened())
    assert isinstance(failure, PointlessError)
    assert "another pod" in str(failure)


def test_note_has_a_kilobyte_whatever_is_said(server: Server, sink: PodEventSink) -> None:
    """Cut between characters, not within one."""
    assert tell(sink, opened(explanation="é€" * 2_000)) == []
    note = next(iter(server.api.events.values()))["note"]
    assert 1000 < len(note.encode()) <= 1024
    assert note.endswith("…")


def test_names_of_any_length_make_names_that_are_taken(server: Server, sink: PodEventSink) -> None:
    """A pod's name may be as long as an Event's."""
    for name in ("a" * 253, "a." * 120 + "a"):
        server.api.put("/api/v1/pods", pod(name, "inference"))
        assert tell(sink, opened(victim=make_victim(pod=name), suspects=())) == []


def test_name_that_is_none_reaches_no_other_path(server: Server, sink: PodEventSink) -> None:
    """What a label says is a part of a path, and never more than one part."""
    tell(sink, opened(victim=make_victim(pod=f"../../nodes/{HOSTILE}?x=1", namespace="a/b"), suspects=()))
    (path, _, _) = server.asked[-1]
    assert path.startswith("/api/v1/namespaces/a%2Fb/pods/..%2F..%2Fnodes%2F")
    assert server.api.events == {}


@pytest.mark.parametrize(
    ("path", "fault", "kind"),
    [
        (EVENTS, answering(500), TransientError),
        (EVENTS, answering(429, Retry_After="7"), TransientError),
        (EVENTS, answering(403), TransientError),
        (EVENTS, answering(422), RefusedError),
        (EVENTS, answering(404), RefusedError),
        (EVENTS, lambda handler: handler.wfile.write(b"what?\r\n\r\n"), TransientError),
        (POD, answering(401), TransientError),
        (POD, answering(503), TransientError),
        (POD, lambda handler: handler.send_body(200, b'{"kind": "Pod"}'), TransientError),
        (POD, lambda handler: handler.send_body(200, b"<html>"), TransientError),
    ],
)
def test_failures_are_told_apart(server: Server, sink: PodEventSink, path: str, fault: Any, kind: type) -> None:  # noqa: ANN401 - a fault
    """What may pass is tried again, and succeeds; what was refused is not."""
    server.faults[path] = [fault]
    (failure,) = tell(sink, opened(suspects=()))
    assert type(failure) is kind
    assert tell(sink, opened(suspects=())) == []
    assert len(server.api.events) == 1


def test_pause_that_the_server_asks_for_is_passed_on(server: Server, sink: PodEventSink) -> None:
    """Retry-After of a server that is busy."""
    server.faults[EVENTS] = [answering(429, Retry_After="7")]
    (failure,) = tell(sink, opened(suspects=()))
    assert isinstance(failure, TransientError)
    assert failure.retry_after_seconds == 7


def test_missing_permission_says_what_helps(server: Server, sink: PodEventSink) -> None:
    """The file that allows it."""
    server.faults[EVENTS] = [answering(403)]
    (failure,) = tell(sink, opened(suspects=()))
    assert "deploy/kubernetes/rbac-events.yaml" in str(failure)


def test_credentials_are_read_anew_after_a_failure(server: Server, tmp_path: Path) -> None:
    """A token that has expired is replaced in its file while we run."""
    sink = sink_of(server, tmp_path, token="old")
    assert isinstance(tell(sink, opened(suspects=()))[0], TransientError)
    (tmp_path / "kubeconfig").write_text(kubeconfig(server.url, TOKEN))
    assert tell(sink, opened(suspects=())) == []
    sink.close()
