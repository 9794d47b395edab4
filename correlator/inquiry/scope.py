"""What of a large cluster is asked for in full: the nodes of victims that are looked at, and the victims themselves.

Two series screen every volume, and first tokens, load and errors are known of all; what else there is of a node, of its
disks and pods, is needed only where a look is taken. That is decided by what a window holds, so it leaves no trace.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from correlator.analysis.rows import Rows, kept, label
from correlator.catalog.narrowing import narrowed, of_any, of_pods
from correlator.model.frame import Frames
from correlator.model.signal import Kind, Signal
from correlator.model.symptom import TTFT, Symptom
from correlator.model.topology import PodRef, Topology
from correlator.topology import signals as names
from correlator.topology.reach import reach

SCREENS = ("disk_io_time", "disk_queue_time")
"""What is asked of every volume: how busy it is, and how many operations are inside."""

_OF_DISKS = frozenset(names.DISK_COUNTERS) - frozenset(SCREENS)
_OF_VICTIMS = frozenset((names.POD_DEVICE_USAGE, "pod_io_waiting", "pod_io_stalled"))
_OF_TARGETS = _OF_DISKS | frozenset(names.POD_IO) | _OF_VICTIMS
_OF_KUBERNETES = frozenset((names.POD_INFO, names.POD_OWNER, names.POD_START_TIME))
DETAIL = _OF_TARGETS | _OF_KUBERNETES
"""The signals that make up most of a large cluster's answers."""

_PLACED_BY_POD = (*SCREENS, *names.NODE_PRESSURE, names.NODE_NAME, names.DRIVE_ERRORS, names.NFS)
"""Targets whose node is that of the pod that exports them, where they have no label for it."""

LONGEST_PATTERN = 6_000
"""Beyond so many characters everything is asked for: some servers refuse queries of 16 KiB."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Nodes and their scrape targets; namespaces of victims, and others in which only the nodes of pods are needed."""

    nodes: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    def __or__(self, other: "Scope") -> "Scope":
        return Scope(
            self.nodes | other.nodes,
            self.targets | other.targets,
            self.namespaces | other.namespaces,
            self.places | other.places,
        )

    def __and__(self, other: "Scope") -> "Scope":
        return Scope(
            self.nodes & other.nodes,
            self.targets & other.targets,
            self.namespaces & other.namespaces,
            self.places & other.places,
        )

    def __sub__(self, other: "Scope") -> "Scope":
        return Scope(
            self.nodes - other.nodes,
            self.targets - other.targets,
            self.namespaces - other.namespaces,
            self.places - other.places,
        )

    def __bool__(self) -> bool:
        return bool(self.nodes or self.targets or self.namespaces or self.places)


def scope_of(
    frames: Frames, topology: Topology, refs: Collection[PodRef], symptoms: Iterable[Symptom], needs: Iterable[str]
) -> Scope:
    """What a look at the victims `refs` needs; with what is asked of all victims, who have one of the symptoms.

    `needs` are names of pods that victims depend on, as in the settings.
    """
    reached = reach(topology, refs)
    watched = _namespaces(frames, (TTFT.count, *(symptom.count for symptom in symptoms)))
    told = frames.get(names.POD_ANNOTATIONS).labels
    asked = [part for labels in told for part in label(labels, "annotation_correlator_depends_on").split(",")]
    needed = {name.strip().partition("/")[0] for name in (*needs, *asked) if "/" in name}
    return Scope(
        nodes=reached.nodes,
        targets=frozenset(_targets(frames, topology, reached.nodes)),
        namespaces=watched | needed - {""},
        places=_namespaces(frames, _PLACED_BY_POD) | {ref.namespace for ref in reached.unplaced if ref.namespace},
    )


def on_nodes(frames: Frames, topology: Topology, nodes: Collection[str]) -> Scope:
    """Some nodes and their targets."""
    return Scope(nodes=frozenset(nodes), targets=frozenset(_targets(frames, topology, nodes)))


def in_scope(signals: Sequence[Signal], scope: Scope, seconds: int) -> list[Signal]:
    """The signals of DETAIL, narrowed to a scope; left out is what nothing in it has.

    Pods count that were on one of the nodes within so many `seconds`.
    """
    pods = _pods(signals, scope)
    asked = ((signal, _query(signal, scope, pods, seconds)) for signal in signals if signal.name in DETAIL)
    return [_narrow(signal, query, of_targets=_is_of_targets(signal, scope)) for signal, query in asked if query]


def heartbeats(signals: Sequence[Signal], scope: Scope) -> list[Signal]:
    """What tells whether the targets of a scope are alive: of all where victims' own are among them."""
    beats = {signal.heartbeat for signal in signals if signal.name in _OF_TARGETS}
    found = [signal for signal in signals if signal.kind is Kind.HEARTBEAT and signal.name in beats]
    match = _match("instance", scope.targets)
    if scope.namespaces or match is None:
        return found
    return [_narrow(signal, narrowed(signal.query, [match]), of_targets=True) for signal in found]


def _narrow(signal: Signal, query: str, *, of_targets: bool) -> Signal:
    return replace(signal, query=query, narrow=of_targets and query != signal.query)


def _is_of_targets(signal: Signal, scope: Scope) -> bool:
    """Whether a signal is asked for of a scope's targets and nodes alone, and of no namespace."""
    if signal.name in _OF_KUBERNETES:
        return not scope.namespaces and not (signal.name == names.POD_INFO and scope.places)
    return not (signal.name in _OF_VICTIMS and scope.namespaces)


def _query(signal: Signal, scope: Scope, pods: str, seconds: int) -> str:
    """A signal's query narrowed to a scope; empty where there is nothing to ask for."""
    is_kubernetes = signal.name in _OF_KUBERNETES
    own = scope.namespaces if is_kubernetes or signal.name in _OF_VICTIMS else frozenset[str]()
    ways = [("namespace", own | scope.places if signal.name == names.POD_INFO else own)]
    if not is_kubernetes:
        ways.append(("instance", scope.targets))
    wanted = [(label_name, values) for label_name, values in ways if values]
    matches = [_match(signal.exported(label_name), values) for label_name, values in wanted]
    if any(match is None for match in matches) or not {name for name, _ in wanted} <= {*signal.labels}:
        return signal.query
    queries = [narrowed(signal.query, [match]) for match in matches if match is not None]
    if is_kubernetes and pods:
        queries.append(of_pods(signal.query, pods, seconds))
    elif is_kubernetes and scope.nodes:
        return signal.query
    return of_any(queries) if queries else ""


def _pods(signals: Sequence[Signal], scope: Scope) -> str:
    """A query for the pods on the nodes of a scope; empty where there is none, or it were too long."""
    told = [signal for signal in signals if signal.name == names.POD_INFO and "node" in signal.labels]
    matches = [(signal, _match(signal.exported("node"), scope.nodes)) for signal in told if scope.nodes]
    queries = [narrowed(signal.query, [match]) for signal, match in matches if match is not None]
    return of_any(queries) if queries else ""


def _match(name: str, values: Collection[str]) -> tuple[str, str] | None:
    """A matcher for some values of a label; None where it were too long."""
    pattern = "|".join(re.escape(value) for value in sorted(values))
    return (name, pattern) if len(pattern) <= LONGEST_PATTERN else None


def _targets(frames: Frames, topology: Topology, nodes: Collection[str]) -> set[str]:
    """The targets on nodes; where one has no kubelet among them, also kubelets that are on no known node."""
    found = {instance for instance, node in topology.node_of_instance.items() if node in nodes}
    kubelets = {label(labels, "instance") for labels in frames.get(names.POD_IO_HEARTBEAT).labels} - {""}
    placed = {topology.node_of_instance.get(instance, "") for instance in kubelets & found}
    if set(nodes) - placed:
        known = {volume.node for volume in topology.volumes.values()}
        found |= {instance for instance in kubelets if topology.node_of_instance.get(instance, "") not in known}
    return found


def _namespaces(frames: Frames, signals: Iterable[str]) -> frozenset[str]:
    return frozenset[str]().union(*(_namespaces_of(frames.get(signal).labels) for signal in signals))


@kept
def _namespaces_of(rows: Rows) -> frozenset[str]:
    return frozenset(label(labels, "namespace") for labels in rows) - {""}
