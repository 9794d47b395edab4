"""Who answers Prometheus' API, as far as it matters: told by its build information, never by its name in a URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

NO_CACHE = {"nocache": "1"}
"""Without it VictoriaMetrics moves start and end of ranges with 50 points and more."""

NEWEST_TOO = {"latency_offset": "1ms"}
"""VictoriaMetrics hides the newest 30 s; versions that know this parameter do not, others are waited for."""

RAW = {"max_source_resolution": "0s"}
"""Thanos must not answer with downsampled counters: their restarts are gone."""

QUERY_PARAMETERS = {**NO_CACHE, **NEWEST_TOO, **RAW}
"""Sent with every range query: a server takes no notice of the others' parameters."""

_HIDDEN_TOLERANCE_SECONDS = 0.5
_HIDDEN_MARGIN_SECONDS = 1


class ServerKind(StrEnum):
    """What speaks Prometheus' API; `other` where nothing tells (a managed service, a proxy)."""

    PROMETHEUS = "prometheus"
    VICTORIAMETRICS = "victoriametrics"
    THANOS = "thanos"
    MIMIR = "mimir"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Server:
    """A server's kind and its version, "" where it does not tell."""

    kind: ServerKind
    version: str = ""

    def __str__(self) -> str:
        """For people."""
        return f"{self.kind} {self.version}".strip()


UNKNOWN = Server(ServerKind.OTHER)


def recognised(build: object, headers: Mapping[str, str]) -> Server:
    """The server that answered `/api/v1/status/buildinfo` with `build` (the field `data`).

    Mimir and Cortex name themselves as `application`. VictoriaMetrics sends X-Server-Hostname and tells no revision;
    the version that it gives is the Prometheus version it compares itself with. Thanos' versions begin with 0, which
    Prometheus' have not done since 2016.
    """
    told: Mapping[str, Any] = build if isinstance(build, dict) else {}
    version = str(told.get("version", ""))
    if told.get("application"):
        return Server(ServerKind.MIMIR, version)
    if "X-Server-Hostname" in headers:
        return Server(ServerKind.VICTORIAMETRICS)
    if not version:
        return UNKNOWN
    if "revision" not in told and "goVersion" not in told:
        return Server(ServerKind.VICTORIAMETRICS)
    return Server(ServerKind.THANOS if version.startswith(("0.", "v0.")) else ServerKind.PROMETHEUS, version)


def replica_parameters(labels: tuple[str, ...]) -> Mapping[str, list[str]]:
    """How Thanos is told which labels only say which of several equal Prometheus saw a series."""
    return {"replicaLabels[]": list(labels)} if labels else {}


def hidden_seconds(stamp: float, told: float) -> float:
    """How much of the newest past an instant query leaves out: `time()` as `told` in an answer stamped `stamp`."""
    difference = stamp - told
    return 0.0 if difference < _HIDDEN_TOLERANCE_SECONDS else float(int(difference) + _HIDDEN_MARGIN_SECONDS)
