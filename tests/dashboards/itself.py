"""*Correlator itself*: does the daemon keep up, see what it needs, and reach whom it should."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from tests.dashboards import variables
from tests.dashboards.finishing import begun
from tests.dashboards.links import ITSELF
from tests.dashboards.panels import (
    BYTES,
    COUNT,
    IS_ONE,
    SECONDS,
    Column,
    Query,
    curves,
    figure,
    limited,
    state,
    table,
)
from tests.dashboards.promql import largest, selected
from tests.dashboards.words import OLD_AFTER_SECONDS, SCRAPED

PER_SECOND = "reqps"

READY = f"min({selected('correlator_ready')})"
UP = f"count({selected('correlator_signal_up')} == 1)"
DOWN = largest("correlator_signal_up", "signal") + " == 0"
SIGNALS = f"sum({largest('correlator_signal_up', 'signal')})"
VERSION = largest("correlator_build_info", "version")
CYCLE = f"max({selected('correlator_cycle_duration_seconds')})"
AGE = f"max({selected('correlator_data_lag_seconds')})"
MEMORY = largest("correlator_process_resident_memory_bytes", "process")
OPENED = largest("correlator_incidents_total", "verdict")
BACKLOG = largest("correlator_delivery_backlog", "sink")
REQUESTS = largest("correlator_source_requests_total", "outcome")
SINCE = f"time() - max({selected('correlator_last_success_timestamp_seconds')})"
REQUEST_RATE = f"sum by (outcome) (rate({selected('correlator_source_requests_total')}[$__rate_interval]))"
DELIVERY_RATE = f"sum by (cluster, sink, outcome) (rate({selected('correlator_deliveries_total')}[$__rate_interval]))"
STORE_ERROR_RATE = f"sum(rate({selected('correlator_store_errors_total')}[$__rate_interval]))"


def build() -> Dashboard:
    """The dashboard."""
    said = "Whether the daemon keeps up, sees what it needs, and reaches its receivers."
    board = begun("Correlator / Itself", ITSELF, said)
    for variable in (variables.datasource(), variables.cluster(), variables.address()):
        board.with_variable(variable)
    _now(board)
    _keeping_up(board)
    _scraped(board)
    return board


def _now(board: Dashboard) -> None:
    board.with_panel(
        state(
            figure("Ready", f"Whether the daemon believes in its own answers. {SCRAPED}", COUNT, Query(READY)), IS_ONE
        )
    ).with_panel(
        figure(
            "Age of the data",
            f"Age of the newest judged step. Worth an alert beyond five minutes. {SCRAPED}",
            SECONDS,
            Query(AGE),
            limit=OLD_AFTER_SECONDS,
        )
    ).with_panel(figure("Signals up", "Signals with fresh data.", COUNT, Query(UP))).with_panel(
        table(
            "Version",
            f"The version of each daemon that is seen. {SCRAPED}",
            [Column("version", "version")],
            Query(VERSION),
            width=4,
            height=4,
        )
    ).with_panel(
        table(
            "Signals without fresh data",
            "What a verdict cannot see now; `correlator check` says which exporter would provide it.",
            [Column("signal", "signal")],
            Query(DOWN),
            width=8,
            height=4,
        )
    )


def _keeping_up(board: Dashboard) -> None:
    board.with_row(Row("Keeping up"))
    for panel in (
        curves(
            "Duration of a cycle",
            f"How long the newest cycle of the engine took. {SCRAPED}",
            SECONDS,
            Query(CYCLE, "cycle"),
            width=12,
        ),
        limited(
            curves(
                "Age of the newest judged step",
                f"Settle time and a step when all is well; beyond the dashed line readings are withheld. {SCRAPED}",
                SECONDS,
                Query(AGE, "age"),
                width=12,
            ),
            OLD_AFTER_SECONDS,
        ),
        curves("Memory", f"Memory that each process holds. {SCRAPED}", BYTES, Query(MEMORY, "{{process}}"), width=12),
        curves("Signals up", "How many signals have fresh data.", COUNT, Query(SIGNALS, "signals"), width=12),
        curves(
            "Incidents opened",
            "Incidents ever opened, by verdict, as the store counts them.",
            COUNT,
            Query(OPENED, "{{verdict}}"),
            width=12,
        ),
        curves(
            "Requests to the data source",
            f"How many there were since the engine's process started, by outcome. {SCRAPED}",
            COUNT,
            Query(REQUESTS, "{{outcome}}"),
            width=12,
        ),
        curves(
            "Deliveries that wait",
            f"How many incidents each sink has still to be told of; nothing where no sink is set. {SCRAPED}",
            COUNT,
            Query(BACKLOG, "{{sink}}"),
            width=12,
        ),
    ):
        board.with_panel(panel)


def _scraped(board: Dashboard) -> None:
    board.with_row(Row("Rates"))
    for panel in (
        curves(
            "Since the last success",
            f"Time since a cycle succeeded. {SCRAPED}",
            SECONDS,
            Query(SINCE, "since"),
            width=12,
        ),
        curves(
            "Requests a second",
            f"Requests to the data source by outcome. {SCRAPED}",
            PER_SECOND,
            Query(REQUEST_RATE, "{{outcome}}"),
            width=12,
        ),
        curves(
            "Deliveries a second",
            f"Deliveries to each sink, by outcome. {SCRAPED}",
            PER_SECOND,
            Query(DELIVERY_RATE, "{{sink}}: {{outcome}}"),
            width=12,
        ),
        curves(
            "Store errors a second",
            f"Cycles in which the store could not be read or written. {SCRAPED}",
            PER_SECOND,
            Query(STORE_ERROR_RATE, "errors"),
            width=12,
        ),
    ):
        board.with_panel(panel)
