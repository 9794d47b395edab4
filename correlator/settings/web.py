"""Who is answered, and who must prove what."""

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from correlator.settings.addresses import Listen, is_loopback
from correlator.settings.duration import WholeSeconds

_HOST = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*")


class WebSettings(BaseModel):
    """Who is answered: see docs/security.md."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    listen: Listen = Field("127.0.0.1:9920", description="HOST:PORT to answer on; this machine alone unless changed.")
    allow_non_loopback: bool = Field(
        default=False,
        description="Must be true to answer other machines without `tokens_file`: whoever reaches the port may do all.",
    )
    tokens_file: Path | None = Field(
        None,
        description="File of the bearer tokens that are asked for, as `correlator token` writes it; read anew when it "
        "changes. None: no token is asked for.",
    )
    signing_key_file: Path | None = Field(
        None,
        description="File with 32 random characters or more, which sign sessions and links. None: a new key at each "
        "start, and earlier sessions and links end then.",
    )
    session_lifetime: WholeSeconds = Field(timedelta(hours=12), description="How long a browser is signed in: a shift.")
    link_lifetime: WholeSeconds = Field(
        timedelta(days=30),
        description="How long a signed link to a picture opens: as long as people look back in a chat or at a report.",
    )
    certificate_file: Path | None = Field(
        None, description="Certificate (PEM, with those between it and the root) for TLS; read anew when it changes."
    )
    key_file: Path | None = Field(None, description="Key of `certificate_file`, where it is not in the same file.")
    host_names: tuple[str, ...] = Field(
        (),
        description="Names by which we may be addressed; addresses and `sinks.external_url` always. None: any, but "
        "without tokens on a loopback address `localhost` alone, since any site's name could lead a browser there.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"),
        description="Addresses or networks of proxies that are believed who asks and whether by TLS (`X-Forwarded-…`).",
    )
    requests_per_minute: int = Field(
        6000,
        ge=0,
        description="Requests of one token, or of one address without one, before it has to wait (429); `0`: no limit. "
        "A hundred a second are ten dashboards. Health and alerts are never counted.",
    )
    largest_body_bytes: int = Field(
        1_000_000, ge=10_000, description="Largest body of a request: a question or a note is far smaller."
    )
    largest_alerts_bytes: int = Field(
        16_000_000, ge=1_000_000, description="Largest body with alerts: one of 5,000 alerts has 5 to 10 MB."
    )

    @property
    def host(self) -> str:
        """The address without port and brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port; 0 lets the system choose."""
        return int(self.listen.rpartition(":")[2])

    @field_validator("host_names")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _HOST.fullmatch(name):
                raise ValueError(f"expected names in small letters without port, such as pods.example, not {name!r}")
        return names

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"expected addresses or networks such as 10.0.0.0/8: {error}") from error
        return proxies

    @model_validator(mode="after")
    def _said_in_so_many_words(self) -> "WebSettings":
        if self.tokens_file is None and not self.allow_non_loopback and not is_loopback(self.host):
            raise ValueError(
                f"{self.listen} is open to other machines, and no token is asked for: "
                "expected tokens_file, a loopback address, or allow_non_loopback set to true"
            )
        return self

    @model_validator(mode="after")
    def _key_goes_with_its_certificate(self) -> "WebSettings":
        if self.key_file is not None and self.certificate_file is None:
            raise ValueError("expected certificate_file together with key_file")
        return self
