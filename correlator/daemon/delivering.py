"""Tells sinks of incidents, each from a thread of its own in the web process: nothing waits for any of them."""

import platform
import threading
import time
from collections.abc import Sequence
from functools import partial

import structlog

from correlator.daemon.connecting import connect_of
from correlator.daemon.credentials import access_of
from correlator.daemon.errors import CompositionError
from correlator.daemon.reading import LateIncidents
from correlator.delivery.carrier import Carrier
from correlator.delivery.courier import Courier
from correlator.delivery.grafana import GrafanaSink
from correlator.delivery.http import Receiver
from correlator.delivery.loki import LokiSink
from correlator.delivery.pod_events import PodEventSink
from correlator.delivery.sink import Sink
from correlator.incidents.errors import StoreError
from correlator.incidents.outbox import Outbox
from correlator.publish.status import SinkStatus
from correlator.settings import Settings

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
PAUSE_SECONDS = 5.0
GATHER_SECONDS = 0.25
"""At least this long between turns: what comes one by one is told together, and the disk is left to others."""
STOP_SECONDS = 1.0
"""A thread that still waits for a receiver does not hold up the end: what it sends is sent again after the start."""


class Deliveries:
    """All couriers, from `start` to `stop`."""

    def __init__(self, couriers: Sequence[Carrier], pause_seconds: float = PAUSE_SECONDS) -> None:
        self._pause_seconds = pause_seconds
        self._wakes = {each: threading.Event() for each in couriers}
        self._is_stopping = False
        self._threads = [threading.Thread(target=self._run, args=each, daemon=True) for each in self._wakes.items()]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the deliveries in hand."""
        self._is_stopping = True
        for courier in self._wakes:
            courier.stop()
        self.wake()
        until = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def wake(self) -> None:
        """There is something to deliver."""
        for wake in self._wakes.values():
            wake.set()

    def status(self) -> tuple[SinkStatus, ...]:
        """How each goes."""
        return tuple(courier.status() for courier in self._wakes)

    def _run(self, courier: Carrier, wake: threading.Event) -> None:
        """Whatever fails is said once, and tried again: the store fails all couriers alike."""
        said = ""
        while not self._is_stopping:
            pause_seconds, began = self._pause_seconds, time.monotonic()
            try:
                courier.turn()
            except StoreError as error:
                if str(error) != said:
                    log.warning("deliveries wait for the store", sink=courier.name, reason=str(error))
                said = str(error)
            except Exception:
                log.exception("a courier failed", sink=courier.name)
            else:
                said = ""
                pause_seconds = POLL_SECONDS
            if not self._is_stopping:
                wake.wait(pause_seconds)
            time.sleep(max(0.0, began + GATHER_SECONDS - time.monotonic()))
            wake.clear()
        courier.close()


def deliveries_of(settings: Settings, incidents: LateIncidents) -> Deliveries:
    """To the sinks of the settings. Raises CompositionError where one needs what is not set."""
    location, cluster = settings.store.location, settings.cluster
    return Deliveries(
        [
            Courier(sink, incidents, partial(Outbox.open, location, cluster, sink.name), cluster, time.time)
            for sink in _sinks(settings)
        ]
    )


def _sinks(settings: Settings) -> Sequence[Sink]:
    sinks: list[Sink] = []
    told = settings.sinks
    if told.loki.url is not None:
        headers = {"X-Scope-OrgID": told.loki.tenant} if told.loki.tenant else {}
        receiver = Receiver(told.loki.url, access_of(told.loki, told.loki.timeout.total_seconds()), headers)
        sinks.append(LokiSink(receiver, told.loki.labels, has_metadata=told.loki.structured_metadata))
    if told.grafana.url is not None:
        receiver = Receiver(told.grafana.url, access_of(told.grafana, told.grafana.timeout.total_seconds()), {})
        sinks.append(GrafanaSink(receiver, told.grafana.tags, told.grafana.dashboard_uid, told.external_url or ""))
    if told.kubernetes_events.enabled:
        sinks.append(_pod_events(settings))
    return sinks


def _pod_events(settings: Settings) -> Sink:
    connect = connect_of(settings.kubernetes)
    if connect is None:
        raise CompositionError(
            "sinks.kubernetes_events.enabled: no Kubernetes API is to be asked; "
            "set kubernetes.mode to kubeconfig, or run in a pod with a service account"
        )
    return PodEventSink(connect, platform.node())
