"""From settings to the receivers of alerts."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from jinja2 import TemplateError

from correlator.daemon.credentials import access_of
from correlator.daemon.errors import CompositionError
from correlator.delivery.carrier import Carried
from correlator.delivery.http import Receiver
from correlator.delivery.receivers import pagerduty
from correlator.delivery.receivers.pagerduty import PagerDutyReceiver
from correlator.delivery.receivers.slack import POST_MESSAGE, SlackReceiver
from correlator.delivery.receivers.templated import TemplatedReceiver
from correlator.delivery.receivers.webhook import WebhookReceiver
from correlator.settings import AlertReceiverSettings, ReceiverKind, WebhookSettings

PREFIX = "alerts/"
"""Of the names of these sinks, in metrics and elsewhere."""


def receivers_of(settings: WebhookSettings) -> Sequence[Carried]:
    """In the order of the settings. Raises CompositionError for a template that cannot be read."""
    return [_receiver(name, each, settings.keep_trying) for name, each in settings.receivers.items()]


def _receiver(name: str, settings: AlertReceiverSettings, patience: timedelta) -> Carried:
    sink = f"{PREFIX}{name}"
    receiver = Receiver(_address(settings), access_of(settings, settings.timeout.total_seconds()), settings.headers)
    match settings.kind:
        case ReceiverKind.SLACK:
            return SlackReceiver(sink, receiver, settings.channel, patience)
        case ReceiverKind.PAGERDUTY:
            assert settings.routing_key_file is not None  # noqa: S101 - the settings say so
            return PagerDutyReceiver(sink, receiver, settings.routing_key_file, patience)
        case ReceiverKind.HTTP:
            return _templated(name, sink, receiver, settings, patience)
    return WebhookReceiver(sink, receiver, patience)


def _templated(
    name: str, sink: str, receiver: Receiver, settings: AlertReceiverSettings, patience: timedelta
) -> TemplatedReceiver:
    where = f"alerting.webhook.receivers.{name}.template"
    try:
        file = settings.template_file
        template = settings.template if file is None else file.read_text(encoding="utf-8")
        return TemplatedReceiver(sink, receiver, template, settings.method, settings.content_type, patience)
    except (OSError, UnicodeDecodeError) as error:
        raise CompositionError(f"{where}_file: cannot be read: {error}") from error
    except TemplateError as error:
        raise CompositionError(f"{where}: expected a Jinja template: {error}") from error


def _address(settings: AlertReceiverSettings) -> str | Path:
    usual = POST_MESSAGE if settings.kind is ReceiverKind.SLACK else pagerduty.URL
    return settings.url_file or settings.url or usual
