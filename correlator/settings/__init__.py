"""The settings: every one with its meaning, unit, default and why; read once at the start and never changed.

Precedence: defaults < YAML file < environment (`CORRELATOR_PROMETHEUS__URL`) < flags. What is unknown or
impossible raises SettingsError, which names the key's path and what was expected. Secrets stand in files.
docs/settings.md is written from the descriptions here; a test compares the two.
What must not live here: anything that acts on a setting. Who imports it: `daemon` and `cli`.
"""

from correlator.settings.alerting import AlertingSettings, AlertLabelsSettings, AlertsProxySettings, WebhookSettings
from correlator.settings.duration import format_duration, parse_duration
from correlator.settings.groups import (
    CatalogSettings,
    EngineSettings,
    KubernetesMode,
    KubernetesSettings,
    LogFormat,
    LogLevel,
    LogSettings,
    PrometheusSettings,
    Settings,
    SourceSettings,
    StoreSettings,
)
from correlator.settings.load import SettingsError, load_settings
from correlator.settings.loki import LokiSettings
from correlator.settings.receivers import AlertReceiverSettings, ReceiverKind
from correlator.settings.sinks import Credentials, GrafanaSinkSettings, LokiSinkSettings, SinksSettings
from correlator.settings.web import WebSettings

__all__ = [
    "AlertLabelsSettings",
    "AlertReceiverSettings",
    "AlertingSettings",
    "AlertsProxySettings",
    "CatalogSettings",
    "Credentials",
    "EngineSettings",
    "GrafanaSinkSettings",
    "KubernetesMode",
    "KubernetesSettings",
    "LogFormat",
    "LogLevel",
    "LogSettings",
    "LokiSettings",
    "LokiSinkSettings",
    "PrometheusSettings",
    "ReceiverKind",
    "Settings",
    "SettingsError",
    "SinksSettings",
    "SourceSettings",
    "StoreSettings",
    "WebSettings",
    "WebhookSettings",
    "format_duration",
    "load_settings",
    "parse_duration",
]
