"""Who is told of the alerts that Alertmanager posts to our webhook."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from correlator.settings.addresses import Url
from correlator.settings.duration import Duration
from correlator.settings.sinks import Credentials


class ReceiverKind(StrEnum):
    """In which language a receiver is told."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    HTTP = "http"


class AlertReceiverSettings(Credentials):
    """One receiver. Secrets stand in files, an address that is one (Slack's) as well."""

    kind: ReceiverKind = Field(
        ReceiverKind.WEBHOOK,
        description="`webhook` (as Alertmanager posts it), `slack`, `pagerduty`, or `http` with a template.",
    )
    url: Url | None = Field(None, description="Its address; PagerDuty has its own unless set.")
    url_file: Path | None = Field(None, description="File with its address, where that is a secret.")
    channel: str = Field("", max_length=200, description="Slack: with a bot's token, the channel to post to.")
    routing_key_file: Path | None = Field(None, description="PagerDuty: file with the integration key.")
    method: str = Field("POST", pattern="^(POST|PUT|PATCH)$", description="HTTP: how it is asked.")
    headers: Mapping[str, str] = Field(default_factory=dict, description="HTTP and webhook: more headers.")
    content_type: str = Field("application/json", min_length=1, description="HTTP: what the template makes.")
    template: str = Field("", description="HTTP: the body, as a Jinja template over the payload.")
    template_file: Path | None = Field(None, description="HTTP: file with that template, read at the start.")
    timeout: Duration = Field(
        timedelta(seconds=10), description="Longest wait for an answer; past it the delivery is tried again later."
    )

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        for name, value in headers.items():
            if not name.isascii() or not name.replace("-", "").isalnum() or set(value) & set("\r\n"):
                raise ValueError(f"expected names and values of HTTP headers, not {name!r}")
        return headers

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> "AlertReceiverSettings":
        if self.url and self.url_file:
            raise ValueError("expected url or url_file, not both")
        if not self._has_an_address:
            raise ValueError("expected url or url_file")
        if self.kind is ReceiverKind.PAGERDUTY and self.routing_key_file is None:
            raise ValueError("expected routing_key_file, the file with PagerDuty's integration key")
        if self.channel and self.bearer_token_file is None:
            raise ValueError("expected bearer_token_file, the file with the bot's token, beside channel")
        if bool(self.template) + bool(self.template_file) != (self.kind is ReceiverKind.HTTP):
            raise ValueError("expected one of template and template_file where kind is http, and none elsewhere")
        return self

    @property
    def _has_an_address(self) -> bool:
        """PagerDuty's and that of `chat.postMessage` are known."""
        known = self.kind is ReceiverKind.PAGERDUTY or (self.kind is ReceiverKind.SLACK and bool(self.channel))
        return known or self.url is not None or self.url_file is not None
