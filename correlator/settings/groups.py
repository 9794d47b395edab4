"""What can be set, by group: types, defaults and the sentences that docs/settings.md shows."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from correlator.analysis.parameters import Parameters
from correlator.calibration import CalibrationError, bundled, read
from correlator.settings.addresses import DatabaseUrl, Url
from correlator.settings.alerting import AlertingSettings
from correlator.settings.duration import Duration, DurationOrNone, WholeSeconds
from correlator.settings.loki import LokiSettings
from correlator.settings.sinks import SinksSettings
from correlator.settings.web import WebSettings

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_DEFAULT = Parameters(confidence=bundled())
_NAMESPACES = re.compile(r"[a-z0-9*?\[\]!-]{1,63}")
_TIER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PrometheusSettings(_Group):
    """Where the data comes from."""

    url: Url | None = Field(None, description="Address of the Prometheus (Thanos, Mimir, VictoriaMetrics) to read.")
    bearer_token_file: Path | None = Field(None, description="File with a bearer token.")
    username: str = Field("", description="User name for basic authentication; goes with `password_file`.")
    password_file: Path | None = Field(None, description="File with the password that goes with `username`.")
    ca_file: Path | None = Field(None, description="Certificates (PEM) to trust instead of the system's.")
    certificate_file: Path | None = Field(None, description="Our own certificate (PEM), where the server asks for one.")
    key_file: Path | None = Field(None, description="Key of `certificate_file`, where it is not in the same file.")
    headers: Mapping[str, str] = Field(
        default_factory=dict, description="Headers of every request, such as `X-Scope-OrgID`, which names a tenant."
    )
    header_files: Mapping[str, Path] = Field(
        default_factory=dict, description="Headers that are secret: each with the file whose first line is its value."
    )
    parameters: Mapping[str, str] = Field(
        default_factory=dict, description="Parameters of every query, such as Thanos' `dedup`."
    )
    match: Mapping[str, str] = Field(
        default_factory=dict,
        description="Labels that series must have, such as `cluster: eu-1`, where one server holds several clusters.",
    )
    replica_labels: tuple[str, ...] = Field(
        (), description="Labels such as `prometheus_replica` that tell equal Prometheus apart; Thanos then merges them."
    )
    timeout: Duration = Field(
        timedelta(seconds=30), description="Longest wait for one answer: past it the cycle would be late anyway."
    )

    @field_validator("match")
    @classmethod
    def _are_labels(cls, match: Mapping[str, str]) -> Mapping[str, str]:
        """A matcher goes into every query: its label must be one."""
        for label in match:
            if not _LABEL.fullmatch(label):
                raise ValueError(f"expected names of labels (letters, digits and _), not {label!r}")
        return match

    @model_validator(mode="after")
    def _one_way_in(self) -> "PrometheusSettings":
        if bool(self.username) != bool(self.password_file):
            raise ValueError("expected username and password_file together")
        if self.username and self.bearer_token_file:
            raise ValueError("expected either bearer_token_file or username, not both")
        return self


class SourceSettings(PrometheusSettings):
    """One of several sources."""

    exporters: tuple[str, ...] = Field(
        (), description="What it is asked for, by the catalogue's names; none: all that no other source is named for."
    )

    @model_validator(mode="after")
    def _has_an_address(self) -> "SourceSettings":
        if self.url is None:
            raise ValueError("expected `url`, the address of this source")
        return self


class KubernetesMode(StrEnum):
    """Whether the API of Kubernetes is asked, and with whose permission."""

    OFF = "off"
    AUTO = "auto"
    IN_CLUSTER = "in-cluster"
    KUBECONFIG = "kubeconfig"


class KubernetesSettings(_Group):
    """Who runs where and claims what, from the API itself; kube-state-metrics' series tell it as well."""

    mode: KubernetesMode = Field(
        KubernetesMode.AUTO,
        description="`off`, `in-cluster` (our pod's service account), `kubeconfig`, or `auto`: `in-cluster` in a pod "
        "that has a service account, else `off`, since a laptop's kubeconfig may be of another cluster.",
    )
    kubeconfig: Path | None = Field(
        None, description="The kubeconfig file of mode `kubeconfig`; unless set where kubectl looks."
    )
    context: str = Field("", description="Context in the kubeconfig; unless set its current one.")

    @field_validator("mode", mode="before")
    @classmethod
    def _yaml_reads_off_as_false(cls, mode: object) -> object:
        """In YAML `off` without quotes is a boolean."""
        return KubernetesMode.OFF if mode is False else mode

    @model_validator(mode="after")
    def _kubeconfig_goes_with_its_mode(self) -> "KubernetesSettings":
        if self.mode is not KubernetesMode.KUBECONFIG and (self.kubeconfig or self.context):
            raise ValueError("expected mode kubeconfig together with kubeconfig and context")
        return self


class StoreSettings(_Group):
    """Where incidents are kept."""

    path: Path = Field(
        default_factory=lambda: user_data_path("correlator") / "correlator.db",
        description="SQLite file, in the user's data directory unless set; directories are made when missing.",
    )
    url: DatabaseUrl | None = Field(
        None,
        description="A PostgreSQL to use instead, as `postgresql://user@host/database`; needs the extra `postgresql`.",
    )
    retention: Duration = Field(
        timedelta(days=90), description="Age at which what is resolved is deleted: a quarter, to compare releases."
    )
    series_retention: Duration = Field(
        timedelta(days=15), description="Age at which exported series are deleted, as in Prometheus: two weekends."
    )
    series_max_bytes: int = Field(
        5_000_000_000,
        ge=10_000_000,
        description="Room for exported series in bytes, the oldest hours go first: 15 days of 1,000 victims need half.",
    )

    @property
    def location(self) -> str | Path:
        """What the store is opened with."""
        return self.url or self.path


class EngineSettings(_Group):
    """How the engine looks at time, and what it calls a regression and an accusation."""

    step: WholeSeconds | None = Field(
        None, description="Distance of judged steps; found unless set: the slowest update of the required signals."
    )
    settle: Duration = Field(
        timedelta(seconds=30),
        description="Wait before a step is judged, once: scrapes take up to 10 s, cAdvisor's values are 15 s old.",
    )
    catch_up: Duration = Field(
        timedelta(hours=6),
        description="How far back a restarted daemon judges what it missed: a night, yet not hours of work at first.",
    )
    window_steps: int = Field(
        _DEFAULT.window_steps, ge=20, le=5000, description="Steps that a judgement looks back: an hour of 15 s steps."
    )
    window_minimum: WholeSeconds = Field(
        timedelta(seconds=_DEFAULT.window_seconds_minimum),
        description="Shortest look back, where steps are short: a baseline takes minutes of requests.",
    )
    accusation_threshold: float = Field(
        _DEFAULT.accusation_threshold,
        gt=0,
        le=1,
        description="Confidence (a probability) from which a suspect is accused: of five accused at 0.8, four did it.",
    )
    ttft_ratio: float = Field(
        _DEFAULT.ttft_ratio, gt=1, description="TTFT over its baseline, as a ratio, below which nobody minds."
    )
    ttft_floor: Duration = Field(
        timedelta(seconds=_DEFAULT.ttft_floor_seconds),
        description="Rise of TTFT below which nobody minds, whatever the ratio: people do not feel 10 ms.",
    )

    confidence_model: Path | None = Field(
        None,
        description="File with a confidence model fitted on one's own cases, in place of the one in the package.",
    )
    history: DurationOrNone = Field(
        timedelta(seconds=_DEFAULT.history_seconds),
        le=timedelta(days=31),
        description="How far back a suspect's workload is looked up, once an incident; `0s`: no other day is asked.",
    )

    @field_validator("confidence_model")
    @classmethod
    def _is_a_model(cls, path: Path | None) -> Path | None:
        """A file that is none is refused at start, not in the first cycle."""
        try:
            if path is not None:
                read(path)
        except CalibrationError as error:
            raise ValueError(str(error)) from error
        return path

    def parameters(self) -> Parameters:
        """What the engine is told. Raises CalibrationError where the confidence model has become unreadable."""
        return Parameters(
            confidence=bundled() if self.confidence_model is None else read(self.confidence_model),
            window_steps=self.window_steps,
            window_seconds_minimum=int(self.window_minimum.total_seconds()),
            accusation_threshold=self.accusation_threshold,
            ttft_ratio=self.ttft_ratio,
            ttft_floor_seconds=self.ttft_floor.total_seconds(),
            history_seconds=int(self.history.total_seconds()),
        )


class LogLevel(StrEnum):
    """How much is said."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """For people or for machines."""

    TEXT = "text"
    JSON = "json"


class LogSettings(_Group):
    """What is said on stderr."""

    level: LogLevel = Field(LogLevel.INFO, description="Least important message that is said.")
    format: LogFormat = Field(LogFormat.TEXT, description="`text` for people, `json` (an object a line) for machines.")


class CatalogSettings(_Group):
    """What is measured."""

    directories: tuple[Path, ...] = Field(
        (), description="Directories with more signals as YAML; a row of a built-in signal and exporter replaces it."
    )


class Settings(BaseSettings):
    """All of them. `load_settings` makes one from file, environment and flags."""

    model_config = SettingsConfigDict(
        env_prefix="CORRELATOR_", env_nested_delimiter="__", extra="forbid", frozen=True, allow_inf_nan=False
    )

    cluster: str = Field(
        "", description="Name of the cluster, put on everything that leaves the daemon; none unless set."
    )
    tiers: Mapping[str, str] = Field(
        default_factory=dict,
        description="Isolation tier by namespace or pattern (`rag-*`); comes before the namespace's labels "
        "`correlator/tier` and `tier`. See docs/tiers.md.",
    )
    depends_on: Mapping[str, Sequence[str]] = Field(
        default_factory=dict,
        description="What inference pods need, where no annotation `correlator/depends-on` says so: `namespace/pod` or "
        "`namespace/Kind/workload` to a list of such names. Their volumes count as used.",
    )
    sources: Mapping[str, SourceSettings] = Field(
        default_factory=dict,
        description="Several sources by a name of your choice instead of `prometheus`: its settings, and `exporters`.",
    )
    prometheus: PrometheusSettings = Field(default_factory=PrometheusSettings)
    kubernetes: KubernetesSettings = Field(default_factory=KubernetesSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    engine: EngineSettings = Field(default_factory=EngineSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    loki: LokiSettings = Field(default_factory=LokiSettings)
    sinks: SinksSettings = Field(default_factory=SinksSettings)
    alerting: AlertingSettings = Field(default_factory=AlertingSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    catalog: CatalogSettings = Field(default_factory=CatalogSettings)

    @field_validator("tiers")
    @classmethod
    def _names_namespaces_and_tiers(cls, tiers: Mapping[str, str]) -> Mapping[str, str]:
        for namespace, tier in tiers.items():
            if not _NAMESPACES.fullmatch(namespace):
                raise ValueError(f"expected a namespace or a pattern such as rag-*, not {namespace!r}")
            if not _TIER.fullmatch(tier):
                raise ValueError(f"expected a tier of letters, digits, - and _ for {namespace}, not {tier!r}")
        return tiers

    @field_validator("sources")
    @classmethod
    def _share_the_work(cls, sources: Mapping[str, SourceSettings]) -> Mapping[str, SourceSettings]:
        """Who is asked for what must be clear: of two that are asked for what is left, which one has it?"""
        unnamed = [name for name, each in sources.items() if not each.exporters]
        if 1 < len(unnamed) < len(sources):
            raise ValueError(f"expected `exporters` of all but one, or of none: {' and '.join(unnamed)} have none")
        return sources

    @model_validator(mode="after")
    def _one_or_several(self) -> "Settings":
        if self.sources and self.prometheus.url is not None:
            raise ValueError("expected either prometheus.url or sources, not both")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `load_settings` merges the layers, so that an error can name the layer at fault."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
