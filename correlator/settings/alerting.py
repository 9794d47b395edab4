"""How alerts are told their cause."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from correlator.alerting.matching import Slack
from correlator.alerting.subject import LabelNames
from correlator.settings.addresses import Url
from correlator.settings.duration import Duration, DurationOrNone
from correlator.settings.receivers import AlertReceiverSettings
from correlator.settings.sinks import Credentials

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_RECEIVER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")
MOST_ALERTMANAGERS = 16
MOST_RECEIVERS = 32
_USUAL = LabelNames()


def _labels(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _LABEL.fullmatch(name):
            raise ValueError(f"expected names of labels (letters, digits and _), not {name!r}")
    return names


Labels = Annotated[tuple[str, ...], AfterValidator(_labels)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AlertLabelsSettings(_Group):
    """By which labels alerts name things; of several that an alert carries, the first counts."""

    cluster: Labels = Field(_USUAL.cluster, description="Labels with the cluster; compared where `cluster` is set.")
    namespace: Labels = Field(
        _USUAL.namespace,
        description="Labels with the namespace; so Prometheus renames a series' own where the target has one as well.",
    )
    pod: Labels = Field(_USUAL.pod, description="Labels with the victim's pod.")
    workload: Labels = Field(_USUAL.workload, description="Labels with the victim's workload, with or without a kind.")
    model: Labels = Field(_USUAL.model, description="Labels with the name of the served model.")
    node: Labels = Field(_USUAL.node, description="Labels with the node of the victim or of the volume.")
    volume: Labels = Field(_USUAL.volume, description="Labels with our name of a volume, as our metrics have it.")
    claim: Labels = Field(_USUAL.claim, description="Labels with a claim; the namespace is then the claim's.")
    device: Labels = Field(_USUAL.device, description="Labels with a device, such as `nvme0n1` or `/dev/nvme0n1`.")
    node_jobs: tuple[str, ...] = Field(
        _USUAL.node_jobs,
        description="Values of `job` whose namespace and pod are the exporter's: such alerts are about a node, "
        "if need be the host in `instance`.",
    )

    def names(self) -> LabelNames:
        """What alerts are matched by."""
        return LabelNames(**{field: getattr(self, field) for field in type(self).model_fields})


class AlertsProxySettings(Credentials):
    """Between Prometheus and its Alertmanagers: each alert is annotated on its way. Credentials are for all of them."""

    alertmanagers: tuple[Url, ...] = Field(
        (),
        max_length=MOST_ALERTMANAGERS,
        description="Addresses of all Alertmanagers that alerts are passed on to; none: the proxy is off.",
    )
    timeout: Duration = Field(
        timedelta(seconds=8),
        description="Longest wait for an Alertmanager; past it the sender is told. Prometheus waits 10 s.",
    )

    @field_validator("alertmanagers")
    @classmethod
    def _are_several(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(urls)) < len(urls):
            raise ValueError("expected each Alertmanager once")
        return urls


class WebhookSettings(_Group):
    """What Alertmanagers post to `/api/v1/alertmanager/webhook` is kept, enriched, and delivered to receivers."""

    receivers: Mapping[str, AlertReceiverSettings] = Field(
        default_factory=dict,
        max_length=MOST_RECEIVERS,
        description="Who is told, by a name of your choice; what each kind needs: docs/alertmanager.md.",
    )
    wait: DurationOrNone = Field(
        timedelta(seconds=3),
        le=timedelta(minutes=1),
        description="Longest wait for the incident of an alert; then it goes out without, and an update may follow.",
    )
    update_within: DurationOrNone = Field(
        timedelta(minutes=30),
        le=timedelta(days=1),
        description="How long after an alert a verdict is still told in an update; `0s`: there are none.",
    )
    doubles_within: DurationOrNone = Field(
        timedelta(minutes=5),
        le=timedelta(hours=1),
        description="What a group said already within this time is a double and goes out once: several Alertmanagers, "
        "or one that missed an answer. Shorter than `repeat_interval`.",
    )
    keep_trying: Duration = Field(
        timedelta(hours=24), description="Age at which an alert that could not be delivered becomes a dead letter."
    )
    first_pause: Duration = Field(
        timedelta(seconds=1), description="Wait after a first failure; it doubles with each that follows."
    )
    longest_pause: Duration = Field(
        timedelta(minutes=1), description="Longest wait between attempts, unless the receiver asks for more."
    )
    retention: Duration = Field(
        timedelta(days=7), description="Age at which what was posted is deleted; until then its fingerprints are known."
    )

    @field_validator("receivers")
    @classmethod
    def _have_names(cls, receivers: Mapping[str, AlertReceiverSettings]) -> Mapping[str, AlertReceiverSettings]:
        for name in receivers:
            if not _RECEIVER.fullmatch(name):
                raise ValueError(f"expected names of letters, digits, - _ and ., not {name!r}")
        return receivers

    @model_validator(mode="after")
    def _is_kept_long_enough(self) -> "WebhookSettings":
        if self.retention < max(self.update_within, self.doubles_within):
            raise ValueError("expected a retention longer than update_within and doubles_within")
        return self


class AlertingSettings(_Group):
    """How alerts are told their cause."""

    labels: AlertLabelsSettings = Field(default_factory=AlertLabelsSettings)
    ended_before: DurationOrNone = Field(
        Slack().ended_before,
        le=timedelta(days=1),
        description="How long before an alert its incident may have ended: an alert's `for`, and how far rates look "
        "back.",
    )
    begun_after: DurationOrNone = Field(
        Slack().begun_after,
        le=timedelta(hours=1),
        description="How long after an alert its incident may have begun: an onset is dated by steps.",
    )

    proxy: AlertsProxySettings = Field(default_factory=AlertsProxySettings)
    webhook: WebhookSettings = Field(default_factory=WebhookSettings)

    def slack(self) -> Slack:
        """How far apart alert and incident may be."""
        return Slack(ended_before=self.ended_before, begun_after=self.begun_after)
