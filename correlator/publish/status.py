"""How the engine itself is doing."""

from dataclasses import dataclass
from datetime import datetime

from correlator.model.frame import BlindSpot
from correlator.model.inventory import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkStatus:
    """How deliveries to one sink go, since the start of the process.

    `outcomes` maps an outcome to how often it came. `backlog` counts what waits. `problem` says why nothing can be
    delivered now, empty where it can; `last_lost` which delivery was given up last, and why. `dead_letters` counts
    those that were given up and are kept.
    """

    name: str
    outcomes: tuple[tuple[str, int], ...] = ()
    backlog: int = 0
    dead_letters: int = 0
    last_success_at: datetime | None = None
    problem: str = ""
    last_lost: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsStatus:
    """What became of what Alertmanagers posted to the webhook, since the start of the process.

    `outcomes` maps `kept`, `double`, `refused` (no webhook) and `unstored` (answered 5xx) to how often it came.
    `waiting` counts what no receiver is told of yet; `problem` says why, where something is wrong.
    """

    outcomes: tuple[tuple[str, int], ...] = ()
    waiting: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """The engine's own state; None where it has not happened or is not known yet.

    `source` is a name for people without secrets. `problems` are sentences that say why answers may be wrong or
    old: not ready while there is one. `data_lag_seconds` is the age of the newest evaluated step. `signals` maps a
    signal's name to whether it has fresh data, `source_requests` an outcome to how often it came; `sinks` say how
    deliveries go, `alerts` what Alertmanagers posted; `alert_batches` maps what became of alerts on their way to
    Alertmanagers to how often it did. `store_errors` counts cycles in which the store failed, `resident_memory_bytes`
    maps `engine` and `web` to what their process holds, where the system tells. `inventory` is what `correlator check`
    tells, of the last minutes and with few names of each kind.
    """

    version: str
    source: str
    demo: bool
    started_at: datetime
    cluster: str = ""
    last_cycle_at: datetime | None = None
    last_step_at: datetime | None = None
    cycle_duration_seconds: float | None = None
    data_lag_seconds: float | None = None
    step_seconds: float | None = None
    problems: tuple[str, ...] = ()
    signals: tuple[tuple[str, bool], ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    source_requests: tuple[tuple[str, int], ...] = ()
    inventory: Inventory | None = None
    sinks: tuple[SinkStatus, ...] = ()
    alerts: AlertsStatus | None = None
    alert_batches: tuple[tuple[str, int], ...] = ()
    store_errors: int = 0
    resident_memory_bytes: tuple[tuple[str, int], ...] = ()
