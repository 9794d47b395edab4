"""Who is told of incidents, besides those who ask."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from correlator.settings.addresses import Url
from correlator.settings.duration import Duration

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OURS = frozenset({"app", "cluster"})
MOST_LABELS = 10
MOST_TAGS = 10


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Credentials(_Group):
    """How we are let in."""

    bearer_token_file: Path | None = Field(None, description="File with a bearer token; read anew for each request.")
    username: str = Field("", description="User name for basic authentication; goes with `password_file`.")
    password_file: Path | None = Field(None, description="File with the password that goes with `username`.")
    ca_file: Path | None = Field(None, description="Certificates (PEM) to trust instead of the system's.")

    @model_validator(mode="after")
    def _one_way_in(self) -> "Credentials":
        if bool(self.username) != bool(self.password_file):
            raise ValueError("expected username and password_file together")
        if self.username and self.bearer_token_file:
            raise ValueError("expected either bearer_token_file or username, not both")
        return self


class _Receiver(Credentials):
    url: Url | None = Field(None, description="Its address; none: it is not told.")
    timeout: Duration = Field(
        timedelta(seconds=10), description="Longest wait for an answer; past it the delivery is tried again later."
    )


class LokiSinkSettings(_Receiver):
    """A Loki that gets a line for each change of an incident."""

    tenant: str = Field("", description="Tenant, sent as `X-Scope-OrgID`.")
    labels: Mapping[str, str] = Field(
        default_factory=dict,
        description="More labels of the one stream, beside `app: correlator` and `cluster`; few, and always the same.",
    )
    structured_metadata: bool = Field(
        default=True,
        description="Whether the incident's id goes beside the line as well; a Loki before 3.0 may refuse that.",
    )

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: Mapping[str, str]) -> Mapping[str, str]:
        for label, value in labels.items():
            if not _LABEL.fullmatch(label) or not value:
                raise ValueError(f"expected names of labels (letters, digits and _) with a value, not {label!r}")
        if _OURS & labels.keys():
            raise ValueError("expected other labels than app and cluster: they are set already")
        if len(labels) > MOST_LABELS:
            raise ValueError(f"expected at most {MOST_LABELS} labels: Loki refuses streams with many")
        return labels


class KubernetesEventsSettings(_Group):
    """Events on victims and accused pods, as `kubectl describe pod` shows them. Asks the API as `kubernetes` says."""

    enabled: bool = Field(
        default=False,
        description="Whether Events are written; needs `kubernetes.mode` and deploy/kubernetes/rbac-events.yaml.",
    )


class GrafanaSinkSettings(_Receiver):
    """A Grafana that gets an annotation for each incident, from its onset to its end."""

    dashboard_uid: str = Field(
        "",
        max_length=40,
        pattern=r"^[a-zA-Z0-9_-]*$",
        description="The dashboard that shows them; none: any may, by their tags.",
    )
    tags: tuple[str, ...] = Field(
        (), max_length=MOST_TAGS, description="More tags, beside `correlator`, `incident:…`, `verdict:…` and the like."
    )


class SinksSettings(_Group):
    """Who is told of incidents. Nothing waits for a sink, and no sink for another."""

    external_url: Url | None = Field(
        None, description="Where people reach our page, for links in what is told; none: no links."
    )
    loki: LokiSinkSettings = Field(default_factory=LokiSinkSettings)
    kubernetes_events: KubernetesEventsSettings = Field(default_factory=KubernetesEventsSettings)
    grafana: GrafanaSinkSettings = Field(default_factory=GrafanaSinkSettings)
