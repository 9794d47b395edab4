"""Incidents as Kubernetes Events on the pods they concern (events.k8s.io/v1; k8s.io/api/events/v1/types.go).

One Event per incident, pod and state; its name is made of these, so that a repetition is refused as known. What is told
again of the same state becomes a series of that Event. An Event speaks of a pod by its uid: it is looked up, and a pod
that is gone, or whose name another pod has by now, is not spoken of.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import quote

import orjson

from correlator.delivery.errors import PointlessError, RefusedError, TransientError
from correlator.delivery.facts import headline
from correlator.delivery.sink import Parcel, as_told
from correlator.incidents.lifecycle import Event, TransitionKind, stable_id
from correlator.kubernetes.errors import (
    AbsentError,
    ApiError,
    BusyError,
    ConflictError,
    InvalidError,
)
from correlator.kubernetes.errors import RefusedError as NotAllowedError
from correlator.model.finding import SuspectKind, Verdict
from correlator.model.incident import Incident

API: Final = "/apis/events.k8s.io/v1/namespaces"
LONGEST_NOTE_BYTES = 1024
_LONGEST_NAME = 253
_LONGEST_INSTANCE = 128
_REASONS: Final[Mapping[Verdict, str]] = {
    Verdict.CONTENTION: "StorageContention",
    Verdict.DEGRADED_DEVICE: "DegradedDevice",
    Verdict.OWN_IO: "OwnDiskLoad",
    Verdict.LOAD: "RequestLoad",
    Verdict.OTHER: "Regression",
    Verdict.UNDETERMINED: "Regression",
}
_CULPRIT = "CausesStorageContention"


class ApiWriter(Protocol):
    """What is needed of the API server. All raise ApiError."""

    def get(self, path: str, query: Mapping[str, str | int], accept: str) -> dict[str, Any]:
        """An object."""
        ...

    def write(self, method: str, path: str, body: Mapping[str, Any], content_type: str) -> dict[str, Any]:
        """The object as it is after it was made or changed."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


class PodEventSink:
    """Tells the API server that `connect` reaches, anew after each failure. `instance` names this process."""

    name = "kubernetes_events"
    patience = timedelta(hours=1)  # the API server itself keeps Events for an hour

    def __init__(self, connect: Callable[[], ApiWriter], instance: str) -> None:
        self._connect = connect
        self._api: ApiWriter | None = None
        self._instance = instance[:_LONGEST_INSTANCE] or "correlator"

    def prepare(self, event: Event) -> Sequence[Parcel]:
        """One for the victim, one for each accused pod."""
        incident = as_told(event)
        parcels = []
        for namespace, pod, reason in _told_to(incident):
            told = {
                "namespace": namespace,
                "pod": pod,
                "repeats": event.kind is TransitionKind.UPDATED,
                "event": self._event(event, incident, (namespace, pod, reason)),
            }
            parcels.append(Parcel(f"{incident.id} {namespace}/{pod}", orjson.dumps(told)))
        return parcels

    def send(self, body: bytes) -> None:
        """Make the Event; where it is there already, count a repetition."""
        told = orjson.loads(body)
        try:
            self._api = self._api or self._connect()
            self._tell(self._api, told["namespace"], told["pod"], told["event"], repeats=told["repeats"])
        except (AbsentError, InvalidError) as error:
            raise RefusedError(str(error)) from error
        except ApiError as error:
            self.close()  # credentials may have changed
            raise _later(error) from error

    def close(self) -> None:
        """Give connections back."""
        if self._api is not None:
            self._api.close()
            self._api = None

    def _tell(self, api: ApiWriter, namespace: str, pod: str, event: dict[str, Any], *, repeats: bool) -> None:
        events = f"{API}/{quote(namespace, safe='')}/events"
        regarding = {**event["regarding"], "uid": _uid(api, namespace, pod, _instant(event["eventTime"]))}
        name = _name(pod, event["metadata"]["name"], regarding["uid"])
        made = {**event, "metadata": {**event["metadata"], "name": name}, "regarding": regarding}
        try:
            api.write("POST", events, made, "application/json")
        except ConflictError:
            if repeats:
                _repeat(api, f"{events}/{quote(name, safe='')}", event["eventTime"])

    def _event(self, event: Event, incident: Incident, told_to: tuple[str, str, str]) -> dict[str, Any]:
        namespace, pod, reason = told_to
        is_over = event.kind is TransitionKind.RESOLVED
        victim = incident.victim
        about = {"apiVersion": "v1", "kind": "Pod"}
        made = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "name": stable_id("event", incident.id, reason, is_over),
                "namespace": namespace,
                "annotations": {"correlator/incident": incident.id},
            },
            "eventTime": _micro_time(event.at),
            "reportingController": "correlator",
            "reportingInstance": self._instance,
            "action": "Resolved" if is_over else "Detected",
            "reason": f"{reason}Resolved" if is_over else reason,
            "type": "Normal" if is_over else "Warning",
            "note": _note(incident, is_over=is_over),
            "regarding": {**about, "namespace": namespace, "name": pod},
        }
        if (namespace, pod) != (victim.namespace, victim.pod):
            made["related"] = {**about, "namespace": victim.namespace, "name": victim.pod}
        return made


def _told_to(incident: Incident) -> Iterator[tuple[str, str, str]]:
    """(namespace, pod, reason) of each pod that is concerned."""
    victim = incident.victim
    yield victim.namespace, victim.pod, _REASONS[incident.verdict]
    for suspect in incident.suspects:
        if suspect.accused and suspect.kind is SuspectKind.POD:
            yield suspect.namespace, suspect.pod, _CULPRIT


def _name(pod: str, state: str, uid: str) -> str:
    """A name that depends on nothing but the incident, its state and the pod; begins as kubectl's users expect."""
    unique = stable_id(state, uid)
    return f"{pod[: _LONGEST_NAME - len(unique) - 1].rstrip('.-')}.{unique}"


def _note(incident: Incident, *, is_over: bool) -> str:
    """At most 1 kB of UTF-8, cut between characters."""
    ended = f"Over ({incident.end_reason.value.replace('_', ' ')}). " if is_over and incident.end_reason else ""
    text = f"{ended}{headline(incident)}. {incident.explanation}"
    whole = text.encode()
    if len(whole) <= LONGEST_NOTE_BYTES:
        return text
    return f"{whole[: LONGEST_NOTE_BYTES - 3].decode('utf-8', 'ignore')}…"


def _micro_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _repeat(api: ApiWriter, path: str, at: str) -> None:
    """Once more at an instant, unless that is what is known already."""
    known = api.get(path, {}, "application/json")
    try:
        series = known.get("series") or {}
        newest = _instant(series.get("lastObservedTime") or known["eventTime"])
        count = int(series.get("count") or 1)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TransientError(f"{path}: the answer is no Event") from error
    if _instant(at) > newest:
        told = {"series": {"count": count + 1, "lastObservedTime": at}}
        api.write("PATCH", path, told, "application/merge-patch+json")


def _uid(api: ApiWriter, namespace: str, pod: str, at: datetime) -> str:
    """Of the pod that had this name at an instant."""
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}"
    try:
        meta = api.get(path, {}, "application/json")["metadata"]
        uid, is_younger = str(meta["uid"]), _instant(meta["creationTimestamp"]) > at
    except AbsentError as error:
        raise PointlessError(f"the pod {namespace}/{pod} is gone") from error
    except (KeyError, TypeError, ValueError) as error:
        raise TransientError(f"{path}: the answer is no pod") from error
    if is_younger:
        raise PointlessError(f"another pod is called {namespace}/{pod} by now")
    return uid


def _later(error: ApiError) -> TransientError:
    match error:
        case NotAllowedError():
            return TransientError(f"{error}; deploy/kubernetes/rbac-events.yaml allows what is needed")
        case BusyError():
            return TransientError(str(error), retry_after_seconds=error.retry_after_seconds)
    return TransientError(str(error))
