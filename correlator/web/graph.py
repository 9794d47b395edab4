"""An incident as a graph: suspects → volume → victim, in the fields that Grafana's node graph reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from correlator.model.finding import Suspect, SuspectKind
from correlator.model.incident import Incident
from correlator.web.words import UNKNOWN, duration, is_known, number, percent, suspect_name

VICTIM = "victim"
VOLUME = "volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A circle. The four `arc__` are the parts of its rim and sum to 1; `detail__` stands in its tooltip.

    `arc__confidence` is a suspect's probability, `arc__busy` the volume's utilization, `arc__excess` the part of the
    victim's TTFT that is beyond its baseline, `arc__rest` what is left of the rim: all of it where nothing is known.
    """

    id: str
    title: str
    subtitle: str
    mainstat: str
    secondarystat: str
    arc__confidence: float = 0.0
    arc__busy: float = 0.0
    arc__excess: float = 0.0
    arc__rest: float = 1.0
    detail__role: str
    detail__node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An arrow from `source` to `target`, which are ids of nodes."""

    id: str
    source: str
    target: str
    mainstat: str
    secondarystat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Who did what to whom by way of which volume."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]


def graph_of(incident: Incident) -> Graph:
    """Victim, volume and suspects of an incident; where no volume is spoken of, nothing leads to the victim."""
    suspects = [(f"suspect/{each.name}", each) for each in incident.suspects]
    nodes = [_victim(incident), *_volume(incident), *(_suspect(identity, each) for identity, each in suspects)]
    edges = [*_harm(incident), *(_load(identity, each) for identity, each in suspects if incident.volume)]
    return Graph(nodes=nodes, edges=edges)


def _victim(incident: Incident) -> Node:
    victim, ttft = incident.victim, incident.ttft
    excess = 0.0
    if ttft.observed_seconds and ttft.baseline_seconds is not None:
        excess = min(1.0, max(0.0, 1 - ttft.baseline_seconds / ttft.observed_seconds))
    return Node(
        id=VICTIM,
        title=victim.pod,
        subtitle=victim.namespace,
        mainstat=f"{ttft.statistic} {duration(ttft.observed_seconds)}",
        secondarystat=f"usually {duration(ttft.baseline_seconds)}",
        arc__excess=excess,
        arc__rest=1 - excess,
        detail__role=f"victim: {victim.workload or victim.model_name or UNKNOWN}",
        detail__node=victim.node,
    )


def _volume(incident: Incident) -> list[Node]:
    volume = incident.volume
    if volume is None:
        return []
    use = incident.use
    utilization = use.utilization_ratio.observed if use else None
    busy = min(1.0, max(0.0, utilization)) if utilization is not None and is_known(utilization) else 0.0
    return [
        Node(
            id=VOLUME,
            title=volume.name,
            subtitle=volume.kind,
            mainstat=f"{percent(utilization)} busy",
            secondarystat=f"queue {number(use.queue_depth.observed if use else None)}",
            arc__busy=busy,
            arc__rest=1 - busy,
            detail__role=f"volume: {', '.join(volume.claims) or volume.device or UNKNOWN}",
            detail__node=volume.node,
        )
    ]


def _suspect(identity: str, suspect: Suspect) -> Node:
    is_pod = suspect.kind is SuspectKind.POD
    role = "accused" if suspect.accused else "suspect"
    return Node(
        id=identity,
        title=suspect.pod if is_pod else suspect_name(suspect),
        subtitle=suspect.namespace if is_pod else "",
        mainstat=percent(suspect.confidence),
        secondarystat=role,
        arc__confidence=suspect.confidence,
        arc__rest=1 - suspect.confidence,
        detail__role=f"{role}: {suspect.workload or suspect.kind.value}",
        detail__node=suspect.node,
    )


def _harm(incident: Incident) -> list[Edge]:
    if incident.volume is None:
        return []
    ratio = incident.ttft.ratio
    told = UNKNOWN if ratio is None or not is_known(ratio) else f"{number(ratio)}×"
    by_way = "what it depends on" if incident.volume.via == "depends_on" else incident.verdict.value
    return [Edge(id="harm", source=VOLUME, target=VICTIM, mainstat=f"TTFT {told}", secondarystat=by_way)]


def _load(identity: str, suspect: Suspect) -> Edge:
    return Edge(
        id=f"load/{suspect.name}",
        source=identity,
        target=VOLUME,
        mainstat=f"{percent(suspect.share_ratio)} of the added load",
        secondarystat=f"{duration(suspect.mean_excess_seconds)} of mean TTFT",
    )
