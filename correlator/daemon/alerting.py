"""What is told of alerts: to whoever asks, and on their way from Prometheus to its Alertmanagers."""

import time
from dataclasses import replace
from functools import partial

from correlator.alerting.annotate import AlertSeen, Annotated, annotate
from correlator.alerting.annotations import SharePath, as_it_is
from correlator.alerting.enrichment import Enricher
from correlator.daemon.alert_webhook import AlertWebhook
from correlator.daemon.credentials import access_of
from correlator.daemon.known_incidents import KnownIncidents
from correlator.daemon.reading import LateIncidents
from correlator.delivery.alertmanagers import Alertmanager
from correlator.delivery.alerts_proxy import AlertsProxy
from correlator.delivery.http import Receiver
from correlator.delivery.seen_alerts import SeenAlerts
from correlator.publish.status import SinkStatus
from correlator.settings import Settings
from correlator.web.state import AlertsKnown

_LONGEST_CONNECT_SECONDS = 5.0
_AFTER_THE_ANSWER_SECONDS = 1.0
"""Whoever sends is told that time is up before the connection is: what comes in time is not lost by a hair."""


class Alerting:
    """What tells alerts their cause, from `start` to `stop`; `proxy` is None where no Alertmanager is set."""

    def __init__(self, settings: Settings, incidents: LateIncidents, share: SharePath = as_it_is) -> None:
        """Raises CompositionError where a receiver cannot be told as the settings say."""
        alerting = settings.alerting
        make = partial(
            Enricher,
            mapping=alerting.labels.names(),
            external_url=settings.sinks.external_url or "",
            slack=alerting.slack(),
            share=share,
        )
        self._seen = SeenAlerts()
        self._known = KnownIncidents(incidents, settings.cluster, make)
        self.webhook = AlertWebhook(settings, lambda: self._known.enricher)
        self.known = AlertsKnown(names=alerting.labels.names(), enricher=make, seen=self._find)
        self.proxy: AlertsProxy | None = None
        if alerting.proxy.alertmanagers:
            timeout_seconds = alerting.proxy.timeout.total_seconds()
            self.proxy = AlertsProxy(_alertmanagers(settings), self._annotate, timeout_seconds)

    @property
    def enricher(self) -> Enricher:
        """Over the incidents that are known now; without any where no Alertmanager is set."""
        return self._known.enricher

    def sinks(self) -> tuple[SinkStatus, ...]:
        """How the Alertmanagers and the receivers do."""
        return (*(() if self.proxy is None else self.proxy.status()), *self.webhook.sinks())

    def batches(self) -> tuple[tuple[str, int], ...]:
        """What became of what Prometheus sent, by outcome."""
        return () if self.proxy is None else self.proxy.batches()

    def start(self) -> None:
        """Begin."""
        if self._is_needed:
            self._known.start()
        self.webhook.start()

    def stop(self) -> None:
        """End."""
        self.webhook.stop()
        if self._is_needed:
            self._known.stop()
        if self.proxy is not None:
            self.proxy.stop()

    @property
    def _is_needed(self) -> bool:
        """Whether anybody is told what is known."""
        return self.proxy is not None or self.webhook.has_receivers

    def _find(self, fingerprint: str) -> AlertSeen | None:
        """The alert that came by with a fingerprint, whichever way."""
        return self._seen.find(fingerprint) or self.webhook.find(fingerprint)

    def _annotate(self, body: bytes) -> Annotated:
        annotated = annotate(body, self._known.enricher)
        self._seen.remember(annotated.alerts)
        return annotated


def _alertmanagers(settings: Settings) -> list[Alertmanager]:
    proxy = settings.alerting.proxy
    timeout_seconds = proxy.timeout.total_seconds()
    access = replace(
        access_of(proxy, timeout_seconds + _AFTER_THE_ANSWER_SECONDS),
        connect_timeout_seconds=min(timeout_seconds, _LONGEST_CONNECT_SECONDS),
    )
    return [
        Alertmanager(f"alertmanager/{url.partition('://')[2]}", partial(Receiver, url, access, {}), time.time)
        for url in proxy.alertmanagers
    ]
