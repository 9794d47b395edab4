"""*Volume*: who uses it, who is suspected on it, whom it hurts."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from tests.dashboards import variables
from tests.dashboards.finishing import begun, with_incidents
from tests.dashboards.links import VICTIM_OF_CURVE, VICTIM_OF_ROW, VOLUME
from tests.dashboards.panels import (
    COUNT,
    DASHED,
    FAINT,
    RATIO,
    SECONDS,
    Column,
    Query,
    curves,
    leading,
    limited,
    named,
    sorted_by,
    table,
)
from tests.dashboards.promql import largest, seen, selected
from tests.dashboards.words import ACCUSED_FROM

ON_VOLUME = 'volume="$volume"'
STATISTIC = 'statistic="$statistic"'
USES = "and on (cluster, namespace, pod, model_name) " + selected("correlator_victim_volume_info", ON_VOLUME)
BY_VICTIM = "namespace, pod, model_name"
SUSPECT = "suspect_namespace, suspect_pod, namespace, pod"

UTILIZATION = largest("correlator_volume_utilization_ratio", "volume", ON_VOLUME)
QUEUE = largest("correlator_volume_queue_depth", "volume", ON_VOLUME)
READ = largest("correlator_volume_read_latency_seconds", "volume", ON_VOLUME)
WRITE = largest("correlator_volume_write_latency_seconds", "volume", ON_VOLUME)
ERRORS = largest("correlator_volume_error_state", "volume, reason", ON_VOLUME)
STALLED = largest("correlator_node_io_stalled_ratio", "node", 'node=~"$its_node"')
WAITING = largest("correlator_node_io_waiting_ratio", "node", 'node=~"$its_node"')
PODS = largest("correlator_volume_pod_device_time_ratio", "namespace, pod, volume", ON_VOLUME)
USERS = seen("correlator_volume_pod_device_time_ratio", "namespace, pod, workload, volume", ON_VOLUME)
TTFT = largest("correlator_victim_ttft_seconds", BY_VICTIM, STATISTIC) + f" {USES}"
USUAL = largest("correlator_victim_ttft_baseline_seconds", BY_VICTIM, STATISTIC) + f" {USES}"
CONFIDENCE = largest("correlator_suspect_confidence", SUSPECT, ON_VOLUME)
SHARE = largest("correlator_suspect_share_ratio", SUSPECT, ON_VOLUME)
VERDICTS = seen("correlator_incident_info", "namespace, pod, model_name, volume, verdict", ON_VOLUME)


def build() -> Dashboard:
    """The dashboard."""
    board = with_incidents(begun("Correlator / Volume", VOLUME, "One volume: its load, who brings it, whom it hurts."))
    here = 'correlator_volume_utilization_ratio{cluster=~"$cluster",node=~"$node"}'
    here_named = 'correlator_volume_utilization_ratio{cluster=~"$cluster",volume="$volume"}'
    for variable in (
        variables.datasource(),
        variables.cluster(),
        variables.several(
            "node", "Node", 'label_values(correlator_volume_utilization_ratio{cluster=~"$cluster"}, node)'
        ),
        variables.one("volume", "Volume", f"label_values({here}, volume)"),
        variables.hidden("its_node", f"label_values({here_named}, node)"),
        variables.statistic(),
        variables.address(),
    ):
        board.with_variable(variable)
    _load(board)
    _users(board)
    _suspects(board)
    _victims(board)
    return board


def _load(board: Dashboard) -> None:
    board.with_row(Row("Utilization, saturation, errors"))
    for panel in (
        curves("Utilization", "Busy share of time.", RATIO, Query(UTILIZATION, "{{volume}}"), width=12),
        curves("Queue depth", "Operations waiting or served, mean.", COUNT, Query(QUEUE, "{{volume}}"), width=12),
        curves(
            "Latency",
            "Mean time of a read and of a write.",
            SECONDS,
            Query(READ, "read"),
            Query(WRITE, "write"),
            width=12,
        ),
        curves(
            "Pressure of the node",
            "Share of time in which some (waiting) or all (stalled) tasks of the node waited for I/O.",
            RATIO,
            Query(WAITING, "waiting {{node}}"),
            Query(STALLED, "stalled {{node}}"),
            width=12,
        ),
        curves(
            "Error states",
            "1 while the volume is in the named state; empty while no volume is in any.",
            COUNT,
            Query(ERRORS, "{{reason}}"),
            height=5,
        ),
    ):
        board.with_panel(panel)


def _users(board: Dashboard) -> None:
    board.with_row(Row("Who uses it")).with_panel(
        named(
            curves(
                "Device time by pod",
                "Seconds of device time a second, the five largest pods and the rest; of volumes that a victim uses.",
                RATIO,
                Query(PODS, "{{namespace}}/{{pod}}"),
                stacked=True,
                width=14,
                height=8,
            )
        )
    ).with_panel(
        sorted_by(
            table(
                "Pods on the volume",
                "Who was on it within the time range, with the device time that each took last.",
                [
                    Column("namespace", "namespace"),
                    Column("pod", "pod"),
                    Column("workload", "workload"),
                    Column("Value", "device time", RATIO),
                ],
                Query(USERS),
                width=10,
            ),
            "device time",
        )
    )


def _suspects(board: Dashboard) -> None:
    legend = "{{suspect_namespace}}/{{suspect_pod}} → {{namespace}}/{{pod}}"
    board.with_row(Row("Suspects on it")).with_panel(
        limited(
            named(
                curves(
                    "Confidence",
                    f"Probability that a pod made a victim slow by way of this volume; accused from {ACCUSED_FROM} on.",
                    RATIO,
                    Query(CONFIDENCE, legend),
                    width=12,
                )
            ),
            ACCUSED_FROM,
        )
    ).with_panel(
        named(
            curves(
                "Share of the added load",
                "Part of the load added to the volume that each suspect brought, for each victim.",
                RATIO,
                Query(SHARE, legend),
                width=12,
            )
        )
    )


def _victims(board: Dashboard) -> None:
    board.with_row(Row("Victims on it")).with_panel(
        leading(
            curves(
                "Time to first token ($statistic)",
                "First tokens of the victims that use the volume, now and as they usually are (dashed).",
                SECONDS,
                Query(TTFT, "{{namespace}}/{{pod}}"),
                Query(USUAL, "usual {{namespace}}/{{pod}}"),
                width=14,
                height=8,
            ).override_by_regexp("^usual .*", [DASHED, FAINT]),
            VICTIM_OF_CURVE,
        )
    ).with_panel(
        table(
            "Incidents on it",
            "Verdicts that spoke of this volume within the time range.",
            [
                Column("namespace", "namespace", links=(VICTIM_OF_ROW,)),
                Column("pod", "pod", links=(VICTIM_OF_ROW,)),
                Column("model_name", "model"),
                Column("verdict", "verdict"),
            ],
            Query(VERDICTS),
            width=10,
        )
    )
