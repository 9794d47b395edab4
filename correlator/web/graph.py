"""Incidents as a graph: suspects → volumes → victims, in the fields that Grafana's node graph reads."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from correlator.model.finding import Suspect, SuspectKind, VolumeSeen
from correlator.model.incident import Incident
from correlator.wording.words import UNKNOWN, duration, is_known, number, percent, suspect_name


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


def graph_of(incidents: Iterable[Incident], *, likely_alone: bool = False) -> Graph:
    """Victims, volumes and suspects of incidents, each once: what is said first of one counts.

    Where no volume is spoken of, nothing leads to the victim. With `likely_alone` only those who are accused are drawn,
    and where nobody is the one of highest confidence.
    """
    nodes: dict[str, Node] = {}
    edges: dict[str, Edge] = {}
    for incident in incidents:
        for node in _nodes(incident, _drawn(incident, likely_alone=likely_alone)):
            nodes.setdefault(node.id, node)
        for edge in _edges(incident, _drawn(incident, likely_alone=likely_alone)):
            edges.setdefault(edge.id, edge)
    return Graph(nodes=tuple(nodes.values()), edges=tuple(edges.values()))


def _drawn(incident: Incident, *, likely_alone: bool) -> Sequence[Suspect]:
    accused = [each for each in incident.suspects if each.accused]
    return (accused or incident.suspects[:1]) if likely_alone else incident.suspects


def _nodes(incident: Incident, suspects: Sequence[Suspect]) -> Iterator[Node]:
    yield _victim(incident)
    if incident.volume is not None:
        yield _volume(incident, incident.volume)
    for suspect in suspects:
        yield _suspect(incident, suspect)


def _edges(incident: Incident, suspects: Sequence[Suspect]) -> Iterator[Edge]:
    if incident.volume is not None:
        yield _harm(incident, incident.volume)
        for suspect in suspects:
            yield _load(incident, incident.volume, suspect)


def _victim_id(incident: Incident) -> str:
    return f"victim/{incident.cluster}/{incident.victim.namespace}/{incident.victim.pod}"


def _volume_id(incident: Incident, volume: VolumeSeen) -> str:
    return f"volume/{incident.cluster}/{volume.id}"


def _suspect_id(incident: Incident, suspect: Suspect) -> str:
    """What no pod accounts for is another one on each volume."""
    where = f"/{incident.volume.id}" if incident.volume and suspect.kind is SuspectKind.UNATTRIBUTED else ""
    return f"suspect/{incident.cluster}/{suspect.name}{where}"


def _victim(incident: Incident) -> Node:
    victim, ttft = incident.victim, incident.ttft
    excess = 0.0
    if ttft.observed_seconds and ttft.baseline_seconds is not None:
        excess = min(1.0, max(0.0, 1 - ttft.baseline_seconds / ttft.observed_seconds))
    return Node(
        id=_victim_id(incident),
        title=victim.pod,
        subtitle=victim.namespace,
        mainstat=f"{ttft.statistic} {duration(ttft.observed_seconds)}",
        secondarystat=f"usually {duration(ttft.baseline_seconds)}",
        arc__excess=excess,
        arc__rest=1 - excess,
        detail__role=f"victim: {victim.workload or victim.model_name or UNKNOWN}",
        detail__node=victim.node,
    )


def _volume(incident: Incident, volume: VolumeSeen) -> Node:
    use = incident.use
    utilization = use.utilization_ratio.observed if use else None
    busy = min(1.0, max(0.0, utilization)) if utilization is not None and is_known(utilization) else 0.0
    return Node(
        id=_volume_id(incident, volume),
        title=volume.name,
        subtitle=volume.kind,
        mainstat=f"{percent(utilization)} busy",
        secondarystat=f"queue {number(use.queue_depth.observed if use else None)}",
        arc__busy=busy,
        arc__rest=1 - busy,
        detail__role=f"volume: {', '.join(volume.claims) or volume.device or UNKNOWN}",
        detail__node=volume.node,
    )


def _suspect(incident: Incident, suspect: Suspect) -> Node:
    is_pod = suspect.kind is SuspectKind.POD
    role = "accused" if suspect.accused else "suspect"
    return Node(
        id=_suspect_id(incident, suspect),
        title=suspect.pod if is_pod else suspect_name(suspect),
        subtitle=suspect.namespace if is_pod else "",
        mainstat=percent(suspect.confidence),
        secondarystat=role,
        arc__confidence=suspect.confidence,
        arc__rest=1 - suspect.confidence,
        detail__role=f"{role}: {suspect.workload or suspect.kind.value}",
        detail__node=suspect.node,
    )


def _harm(incident: Incident, volume: VolumeSeen) -> Edge:
    ratio = incident.ttft.ratio
    told = UNKNOWN if ratio is None or not is_known(ratio) else f"{number(ratio)}×"
    source, target = _volume_id(incident, volume), _victim_id(incident)
    return Edge(
        id=f"{source} → {target}",
        source=source,
        target=target,
        mainstat=f"TTFT {told}",
        secondarystat="what it depends on" if volume.via == "depends_on" else incident.verdict.value,
    )


def _load(incident: Incident, volume: VolumeSeen, suspect: Suspect) -> Edge:
    source, target = _suspect_id(incident, suspect), _volume_id(incident, volume)
    return Edge(
        id=f"{source} → {target}",
        source=source,
        target=target,
        mainstat=f"{percent(suspect.share_ratio)} of the added load",
        secondarystat=f"{duration(suspect.mean_excess_seconds)} of mean TTFT",
    )
