"""Where logs are asked for, and how."""

import re
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from correlator.settings.addresses import Url
from correlator.settings.duration import Duration

_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
_SEVERAL = "(?i)error|exception|fatal|panic|critical|traceback|timed? ?out|refused|reset by peer|no space left"


class LokiSettings(BaseModel):
    """Logs as evidence beside an incident; no verdict depends on them, and nothing waits for them."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    url: Url | None = Field(None, description="Address of the Loki to ask once an incident is there; none: no logs.")
    tenant: str = Field("", description="Tenant, sent as `X-Scope-OrgID`; several are joined by `|`.")
    bearer_token_file: Path | None = Field(None, description="File with a bearer token.")
    username: str = Field("", description="User name for basic authentication; goes with `password_file`.")
    password_file: Path | None = Field(None, description="File with the password that goes with `username`.")
    ca_file: Path | None = Field(None, description="Certificates (PEM) to trust instead of the system's.")
    timeout: Duration = Field(
        timedelta(seconds=10), description="Longest wait for an answer, and then for the whole of it."
    )
    namespace_label: str = Field(
        "",
        pattern=rf"^({_LABEL})?$",
        description="Loki's label of the namespace; found among the usual names unless set.",
    )
    pod_label: str = Field(
        "",
        pattern=rf"^({_LABEL})?$",
        description="Loki's label of the pod, also where it is structured metadata; found unless set.",
    )
    error_pattern: str = Field(
        _SEVERAL,
        min_length=1,
        max_length=1000,
        description="Regular expression (RE2) of lines that count as errors; what is usual does no harm.",
    )
    max_lines: int = Field(5, ge=0, le=50, description="Lines quoted of each pod; `0` counts errors and quotes none.")
    line_length: int = Field(300, ge=20, le=2000, description="Characters quoted of each line.")
    max_bytes: int = Field(
        2_000_000, ge=10_000, le=50_000_000, description="Longest answer that is read: more is no few lines."
    )

    @field_validator("error_pattern")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        """Refuse what no dialect would take; Loki refuses the rest, and the incident says so."""
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"expected a regular expression: {error}") from error
        return pattern

    @model_validator(mode="after")
    def _one_way_in(self) -> "LokiSettings":
        if bool(self.username) != bool(self.password_file):
            raise ValueError("expected username and password_file together")
        if self.username and self.bearer_token_file:
            raise ValueError("expected either bearer_token_file or username, not both")
        return self
