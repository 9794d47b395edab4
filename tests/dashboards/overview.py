"""*Overview*: is anybody suffering, and which volumes are busy."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from tests.dashboards import variables
from tests.dashboards.finishing import begun, with_incidents
from tests.dashboards.links import OVERVIEW, PAGE_OF_ROW, VICTIM_OF_CURVE, VICTIM_OF_ROW, VOLUME_OF_CURVE, VOLUME_OF_ROW
from tests.dashboards.panels import (
    BAD,
    COUNT,
    GOOD,
    IS_ONE,
    PLAIN,
    RATIO,
    SECONDS,
    Column,
    Query,
    curves,
    figure,
    leading,
    sorted_by,
    state,
    table,
)
from tests.dashboards.promql import largest, selected, top
from tests.dashboards.words import ACCUSED_FROM, OLD_AFTER_SECONDS, SCRAPED

NODE = 'node=~"$node"'
BY_VICTIM, BY_VOLUME = "namespace, pod", "volume, node"
MODEL = "namespace, pod, model_name"
INFO = "namespace, pod, model_name, volume, verdict"
SUSPECT = "suspect_namespace, suspect_pod, suspect_workload, namespace, pod, volume"
STATISTIC = 'statistic="$statistic"'

OPEN = f"sum({largest('correlator_incident_active', 'namespace, pod, model_name')})"
WATCHED = f"count({largest('correlator_incident_active', 'namespace, pod, model_name')})"
READY = f"min({selected('correlator_ready')})"
DEMO = f"max({selected('correlator_demo')})"
AGE = f"max({selected('correlator_data_lag_seconds')})"
BLIND = f"count({selected('correlator_signal_up')} == 0)"
VERDICTS = largest("correlator_incident_info", INFO)
CONFIDENCE = largest("correlator_suspect_confidence", SUSPECT)
SHARE = largest("correlator_suspect_share_ratio", SUSPECT)
SLOWEST = top(10, largest("correlator_victim_ttft_seconds", BY_VICTIM, STATISTIC))
NOW = top(50, largest("correlator_victim_ttft_seconds", MODEL, STATISTIC))
USUAL = largest("correlator_victim_ttft_baseline_seconds", MODEL, STATISTIC) + f" and on (cluster, {MODEL}) {NOW}"
STALLED = top(10, largest("correlator_victim_io_stalled_ratio", BY_VICTIM))
UTILIZATION = top(10, largest("correlator_volume_utilization_ratio", BY_VOLUME, NODE))
QUEUE = top(10, largest("correlator_volume_queue_depth", BY_VOLUME, NODE))
READ = top(10, largest("correlator_volume_read_latency_seconds", BY_VOLUME, NODE))
WRITE = top(10, largest("correlator_volume_write_latency_seconds", BY_VOLUME, NODE))
ERRORS = largest("correlator_volume_error_state", "volume, node, reason", NODE) + " == 1"
NODE_STALLED = top(10, largest("correlator_node_io_stalled_ratio", "node", NODE))


def build() -> Dashboard:
    """The dashboard."""
    begin = begun("Correlator / Overview", OVERVIEW, "Who suffers, who is suspected, and how busy the volumes are.")
    board = with_incidents(begin)
    for variable in (
        variables.datasource(),
        variables.cluster(),
        variables.several("node", "Node", "label_values(correlator_volume_utilization_ratio, node)"),
        variables.statistic(),
        variables.address(),
    ):
        board.with_variable(variable)
    _now(board)
    _incidents(board)
    _victims(board)
    _volumes(board)
    return board


def _now(board: Dashboard) -> None:
    board.with_panel(
        state(
            figure("Open incidents", "Victims whose first tokens are slower than usual now.", COUNT, Query(OPEN)),
            {"0": ("none", GOOD)},
        )
    ).with_panel(
        figure("Victims watched", "Inference pods whose time to first token is followed.", COUNT, Query(WATCHED))
    ).with_panel(
        state(
            figure(
                "Ready",
                f"Whether the daemon believes in its own answers; its page and /-/ready say why not. {SCRAPED}",
                COUNT,
                Query(READY),
            ),
            IS_ONE,
        )
    ).with_panel(
        figure(
            "Age of the data",
            f"Age of the newest judged step. Readings older than five minutes are withheld. {SCRAPED}",
            SECONDS,
            Query(AGE),
            limit=OLD_AFTER_SECONDS,
        )
    ).with_panel(
        figure("Signals missing", "Signals without fresh data: what a verdict cannot see.", COUNT, Query(BLIND))
    ).with_panel(
        state(
            figure(
                "Data",
                f"DEMO: the bundled recording is played, nothing here is your cluster. {SCRAPED}",
                COUNT,
                Query(DEMO),
            ),
            {"0": ("live", PLAIN), "1": ("DEMO", BAD)},
        )
    )


def _incidents(board: Dashboard) -> None:
    board.with_row(Row("Open incidents")).with_panel(
        table(
            "Verdicts",
            "Each open incident: whose first tokens are slow, the verdict, and the volume that it speaks of.",
            [
                Column("namespace", "namespace", links=(VICTIM_OF_ROW, PAGE_OF_ROW)),
                Column("pod", "pod", links=(VICTIM_OF_ROW, PAGE_OF_ROW)),
                Column("model_name", "model"),
                Column("verdict", "verdict"),
                Column("volume", "volume", links=(VOLUME_OF_ROW,)),
            ],
            Query(VERDICTS),
            width=10,
        )
    ).with_panel(
        sorted_by(
            table(
                "Suspects",
                f"Who may have caused them, with a probability. From {ACCUSED_FROM} on a suspect is accused.",
                [
                    Column("suspect_namespace", "suspect namespace"),
                    Column("suspect_pod", "suspect"),
                    Column("suspect_workload", "workload"),
                    Column("Value #A", "confidence", RATIO, decimals=0),
                    Column("Value #B", "share of the added load", RATIO, decimals=0),
                    Column("pod", "pod", links=(VICTIM_OF_ROW,)),
                    Column("namespace", "namespace", links=(VICTIM_OF_ROW,)),
                    Column("volume", "volume", links=(VOLUME_OF_ROW,)),
                ],
                Query(CONFIDENCE),
                Query(SHARE),
                width=14,
            ),
            "confidence",
        )
    )


def _victims(board: Dashboard) -> None:
    board.with_row(Row("Victims")).with_panel(
        leading(
            curves(
                "Slowest first tokens",
                "Time to first token of the ten slowest victims at each moment.",
                SECONDS,
                Query(SLOWEST, "{{namespace}}/{{pod}}"),
                width=12,
            ),
            VICTIM_OF_CURVE,
        )
    ).with_panel(
        leading(
            curves(
                "Victims stalled on I/O",
                "Share of time in which all tasks of the victim waited for I/O (pressure: full), the ten largest.",
                RATIO,
                Query(STALLED, "{{namespace}}/{{pod}}"),
                width=12,
            ),
            VICTIM_OF_CURVE,
        )
    ).with_panel(
        sorted_by(
            table(
                "First tokens now and usually ($statistic)",
                "The fifty slowest victims at the end of the time range, beside what is usual for them.",
                [
                    Column("namespace", "namespace", links=(VICTIM_OF_ROW, PAGE_OF_ROW)),
                    Column("pod", "pod", links=(VICTIM_OF_ROW, PAGE_OF_ROW)),
                    Column("model_name", "model"),
                    Column("Value #A", "now", SECONDS),
                    Column("Value #B", "usually", SECONDS),
                ],
                Query(NOW),
                Query(USUAL),
            ),
            "now",
        )
    )


def _volumes(board: Dashboard) -> None:
    legend = "{{volume}}"
    shown = [
        (
            "Utilization",
            "Busy share of time, the ten busiest. It says little of devices that serve many operations at once.",
            RATIO,
            UTILIZATION,
        ),
        ("Queue depth", "Operations waiting or served, mean, the ten longest queues.", COUNT, QUEUE),
        ("Read latency", "Mean time of a read, the ten slowest volumes.", SECONDS, READ),
        ("Write latency", "Mean time of a write, the ten slowest volumes.", SECONDS, WRITE),
    ]
    board.with_row(Row("Volumes: utilization, saturation, errors"))
    for title, description, unit, query in shown:
        panel = curves(title, description, unit, Query(query, legend), width=12)
        board.with_panel(leading(panel, VOLUME_OF_CURVE))
    board.with_panel(
        curves(
            "Nodes stalled on I/O",
            "Share of time in which all tasks of the node waited for I/O (pressure: full), the ten largest.",
            RATIO,
            Query(NODE_STALLED, "{{node}}"),
            width=12,
        )
    ).with_panel(
        table(
            "Volumes in an error state",
            "Empty while no volume is in one: failed paths, degraded arrays, read-only remounts and the like.",
            [
                Column("volume", "volume", links=(VOLUME_OF_ROW,)),
                Column("node", "node"),
                Column("reason", "reason"),
            ],
            Query(ERRORS),
            width=12,
            height=7,
        )
    )
