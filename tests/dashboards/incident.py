"""*Incident*: the picture that convinces. One victim, its volume and who is suspected, on one time axis."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from tests.dashboards import variables
from tests.dashboards.finishing import begun, with_incidents
from tests.dashboards.links import INCIDENT, PAGE_OF_CHOSEN, VOLUME_OF_CURVE, VOLUME_OF_ROW
from tests.dashboards.panels import (
    COUNT,
    DASHED,
    FAINT,
    RATIO,
    SECONDS,
    Column,
    Query,
    colored,
    curves,
    leading,
    limited,
    named,
    sorted_by,
    table,
)
from tests.dashboards.promql import VICTIM, largest, seen
from tests.dashboards.words import ACCUSED_FROM

STATISTIC = 'statistic="$statistic"'
ON_VOLUME = 'volume=~"$volume"'
SUSPECT = "suspect_namespace, suspect_pod, suspect_workload, volume"
WHO = "{{suspect_namespace}}/{{suspect_pod}}"

VERDICT = seen("correlator_incident_info", "namespace, pod, model_name, volume, verdict", VICTIM)
NOW = largest("correlator_victim_ttft_seconds", "model_name", VICTIM, STATISTIC)
USUAL = largest("correlator_victim_ttft_baseline_seconds", "model_name", VICTIM, STATISTIC)
EXCESS = largest("correlator_victim_ttft_mean_excess_seconds", "cause", VICTIM)
READ = largest("correlator_volume_read_latency_seconds", "volume", ON_VOLUME)
WRITE = largest("correlator_volume_write_latency_seconds", "volume", ON_VOLUME)
QUEUE = largest("correlator_volume_queue_depth", "volume", ON_VOLUME)
UTILIZATION = largest("correlator_volume_utilization_ratio", "volume", ON_VOLUME)
STALLED = largest("correlator_victim_io_stalled_ratio", "pod", VICTIM)
NODE_STALLED = largest("correlator_node_io_stalled_ratio", "node", 'node=~"$node"')
CONFIDENCE = largest("correlator_suspect_confidence", SUSPECT, VICTIM)
SHARE = largest("correlator_suspect_share_ratio", SUSPECT, VICTIM)
COST = largest("correlator_suspect_mean_excess_seconds", SUSPECT, VICTIM)
PODS = largest("correlator_volume_pod_device_time_ratio", "namespace, pod, volume", ON_VOLUME)
LAST = [
    seen(f"correlator_suspect_{quantity}", SUSPECT, VICTIM)
    for quantity in ("confidence", "share_ratio", "mean_excess_seconds")
]
COLORS = {
    "suspects": "red",
    "load": "blue",
    "own_io": "orange",
    "unattributed_io": "purple",
    "unexplained": "text",
}


def build() -> Dashboard:
    """The dashboard."""
    said = (
        "One victim: its first tokens, the volume that it uses, who is suspected. Hover: all panels show that moment."
    )
    board = with_incidents(begun("Correlator / Incident", INCIDENT, said), verdicts=True)
    victim = 'cluster=~"$cluster",namespace="$namespace"'
    used = f'label_values(correlator_victim_volume_info{{{victim},pod="$pod"}}, volume)'
    for variable in (
        variables.datasource(),
        variables.cluster(),
        variables.one(
            "namespace", "Namespace", 'label_values(correlator_incident_active{cluster=~"$cluster"}, namespace)'
        ),
        variables.one("pod", "Victim", f"label_values(correlator_incident_active{{{victim}}}, pod)"),
        variables.listed("volume", "Volume", used),
        variables.hidden("node", 'label_values(correlator_volume_utilization_ratio{volume=~"$volume"}, node)'),
        variables.statistic(),
        variables.address(),
    ):
        board.with_variable(variable)
    _verdict(board)
    _effect(board)
    _volume(board)
    _suspects(board)
    return board


def _verdict(board: Dashboard) -> None:
    board.with_panel(
        table(
            "What was found",
            "The verdicts on this victim within the time range, open or resolved since.",
            [
                Column("namespace", "namespace"),
                Column("pod", "pod"),
                Column("model_name", "model"),
                Column("verdict", "verdict", links=(PAGE_OF_CHOSEN,)),
                Column("volume", "volume", links=(VOLUME_OF_ROW,)),
            ],
            Query(VERDICT),
            width=9,
            height=6,
        )
    ).with_panel(
        sorted_by(
            table(
                "Who did it",
                "What was said last of each suspect within the time range: probability, its share of the load that "
                f"was added to the volume, how much slower it made the mean first token; accused from {ACCUSED_FROM}.",
                [
                    Column("suspect_namespace", "suspect namespace"),
                    Column("suspect_pod", "suspect"),
                    Column("suspect_workload", "workload"),
                    Column("Value #A", "confidence", RATIO, decimals=0),
                    Column("Value #B", "share of the added load", RATIO, decimals=0),
                    Column("Value #C", "cost in mean TTFT", SECONDS),
                    Column("volume", "volume", links=(VOLUME_OF_ROW,)),
                ],
                *(Query(query) for query in LAST),
                width=15,
                height=6,
            ),
            "confidence",
        )
    )


def _effect(board: Dashboard) -> None:
    excess = curves(
        "Excess by cause",
        "Mean time to first token beyond the baseline while the incident is open, split by cause: the parts add up.",
        SECONDS,
        Query(EXCESS, "{{cause}}"),
        stacked=True,
        is_signed=True,
    )
    for cause, color in COLORS.items():
        excess.override_by_name(cause, [colored(color)])
    board.with_row(Row("The effect")).with_panel(
        curves(
            "Time to first token ($statistic)",
            "First tokens now, and as they usually are (dashed).",
            SECONDS,
            Query(NOW, "now {{model_name}}"),
            Query(USUAL, "usual {{model_name}}"),
        ).override_by_regexp("^usual .*", [DASHED, FAINT])
    ).with_panel(excess)


def _volume(board: Dashboard) -> None:
    board.with_row(Row("The volume: did it get worse?"))
    for title, description, unit, queries in (
        (
            "Latency of $volume",
            "Mean time of a read and of a write.",
            SECONDS,
            (Query(READ, "read {{volume}}"), Query(WRITE, "write {{volume}}")),
        ),
        ("Queue depth of $volume", "Operations waiting or served, mean.", COUNT, (Query(QUEUE, "{{volume}}"),)),
        ("Utilization of $volume", "Busy share of time.", RATIO, (Query(UTILIZATION, "{{volume}}"),)),
    ):
        board.with_panel(leading(curves(title, description, unit, *queries, height=6), VOLUME_OF_CURVE))
    board.with_panel(
        curves(
            "Stalled on I/O",
            "Share of time in which all tasks of the victim, and of the volume's node, waited for I/O "
            "(pressure: full). Does the victim feel the volume?",
            RATIO,
            Query(STALLED, "victim {{pod}}"),
            Query(NODE_STALLED, "node {{node}}"),
            height=6,
        )
    )


def _suspects(board: Dashboard) -> None:
    board.with_row(Row("The suspects")).with_panel(
        named(
            curves(
                "Device time by pod",
                "Seconds of device time a second that each pod takes from the volume, the five largest and the rest.",
                RATIO,
                Query(PODS, "{{namespace}}/{{pod}}"),
                stacked=True,
            )
        )
    ).with_panel(
        limited(
            named(
                curves(
                    "Confidence",
                    "Probability that a suspect caused it, at each look; accused from the dashed line on.",
                    RATIO,
                    Query(CONFIDENCE, WHO),
                    height=6,
                )
            ),
            ACCUSED_FROM,
        )
    ).with_panel(
        named(
            curves(
                "Share of the added load",
                "Part of the load added to the volume that each suspect brought.",
                RATIO,
                Query(SHARE, WHO),
                stacked=True,
                height=6,
            )
        )
    ).with_panel(
        named(
            curves(
                "Cost in mean TTFT",
                "How much slower each suspect made the mean first token.",
                SECONDS,
                Query(COST, WHO),
                stacked=True,
                height=6,
            )
        )
    )
