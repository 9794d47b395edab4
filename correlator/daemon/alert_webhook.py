"""What Alertmanagers post to the webhook, from the request to the receivers."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from correlator.alerting.annotate import AlertSeen
from correlator.alerting.enrichment import Enricher
from correlator.alerting.payload import parse
from correlator.daemon.alert_desk import AlertDesk
from correlator.daemon.alert_intake import AlertIntake
from correlator.daemon.alert_receivers import receivers_of
from correlator.daemon.delivering import Deliveries
from correlator.daemon.reading import Late
from correlator.delivery.carrier import Carrier
from correlator.delivery.dispatcher import Dispatcher, Waiting
from correlator.delivery.pause import Pace
from correlator.incidents.inbox import Inbox
from correlator.incidents.outbox import Outbox
from correlator.publish.status import AlertsStatus, SinkStatus
from correlator.settings import Settings


class AlertWebhook:
    """Keeps, enriches and delivers, from `start` to `stop`. `enricher` gives the newest."""

    def __init__(
        self, settings: Settings, enricher: Callable[[], Enricher], clock: Callable[[], float] = time.time
    ) -> None:
        """Raises CompositionError where a receiver cannot be told as the settings say."""
        webhook, location, cluster = settings.alerting.webhook, settings.store.location, settings.cluster
        sinks = receivers_of(webhook)
        pace = Pace(webhook.first_pause.total_seconds(), webhook.longest_pause.total_seconds())
        inbox = partial(Inbox.open, location, cluster)
        self._deliveries = Deliveries(
            [Carrier(sink, partial(Outbox.open, location, cluster, sink.name), clock, pace) for sink in sinks]
        )
        self._desk = AlertDesk(
            inbox,
            partial(
                Dispatcher,
                sinks=[sink.name for sink in sinks],
                enricher=enricher,
                names=settings.alerting.labels.names(),
                waiting=Waiting(at_most=webhook.wait, watched_for=webhook.update_within),
                clock=clock,
            ),
            webhook.retention,
            self._deliveries.wake,
        )
        self.intake = AlertIntake(inbox, webhook.doubles_within, self._desk.wake, clock)
        self._asked = Late(inbox)
        self.has_receivers = bool(sinks)

    def start(self) -> None:
        """Begin."""
        self._deliveries.start()
        self._desk.start()
        self.intake.start()

    def stop(self) -> None:
        """End: what was taken is on disk, and is delivered after the next start."""
        self.intake.stop()
        self._desk.stop()
        self._deliveries.stop()
        self._asked.close()

    def sinks(self) -> tuple[SinkStatus, ...]:
        """How deliveries go."""
        return self._deliveries.status()

    def status(self) -> AlertsStatus:
        """How it goes until then."""
        taken = self.intake.status()
        return replace(taken, waiting=self._desk.waiting, problem=taken.problem or self._desk.problem)

    def find(self, fingerprint: str) -> AlertSeen | None:
        """The alert of a fingerprint as it was posted last; None where none was, or long ago. Raises StoreError."""
        kept = self._asked.get().newest_of(fingerprint)
        alerts = () if kept is None else parse(kept.body).alerts
        found = next((each for each in alerts if each.fingerprint == fingerprint), None)
        return None if found is None else AlertSeen(found.labels, found.starts_at, found.ends_at)
