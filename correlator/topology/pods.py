"""What kube-state-metrics tells of pods: node, owner, start, tier."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import numpy as np

from correlator.model.frame import Frame
from correlator.model.tier import tier_of
from correlator.topology.projection import Projection, Seen, Values, newest, seen_steps

Name: TypeAlias = tuple[str, str]
"""(namespace, pod)"""

Uid: TypeAlias = tuple[str, str, str]
"""(namespace, pod, uid)"""

Newness: TypeAlias = tuple[int, float, int]
"""(newest step, epoch seconds of the start, oldest step) of an incarnation"""

NODE_LABELS = ("node", "internal_ip")
OWNER_LABELS = ("namespace", "pod", "uid", "owner_kind", "owner_name")
ABOVE_LABELS = ("namespace", "job_name", "replicaset", "owner_kind", "owner_name")
TIER_LABELS = ("namespace", "label_correlator_tier", "label_tier")

NO_KIND = frozenset({"", "<none>"})
NOBODY_ABOVE: Projection = MappingProxyType({})

POD_TEMPLATE_HASH = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{6,10}$")
"""What a Deployment appends to its ReplicaSets' names: a 32-bit number in Kubernetes' alphabet without vowels."""


class Incarnation(NamedTuple):
    """A pod as long as its uid: what is deleted and made anew under the same name is another one."""

    namespace: str
    pod: str
    uid: str
    node: str
    host_ip: str
    created_by_kind: str
    created_by_name: str


POD_LABELS = Incarnation._fields


@dataclass(frozen=True, slots=True)
class PodFacts:
    """kube_pod_info and kube_node_info of a window: the newest incarnation speaks for the pod.

    `moved` are pods that were on several nodes; `host_nodes` are (address, node).
    """

    newest: Mapping[Name, Incarnation]
    moved: frozenset[Name]
    by_uid: Mapping[str, Incarnation]
    nodes: frozenset[str]
    host_nodes: frozenset[tuple[str, str]]

    def node_of(self, name: Name) -> str:
        """The node of a pod's newest incarnation; empty when unknown."""
        found = self.newest.get(name)
        return "" if found is None else found.node

    def only_node_of(self, name: Name) -> str:
        """The node of a pod that was on a single node during the window; empty for others."""
        return "" if name in self.moved else self.node_of(name)


def learn_pods(info: Projection, started_at: Mapping[Uid, float], known_nodes: Collection[Values] = ()) -> PodFacts:
    """Read the values of POD_LABELS, and of NODE_LABELS as `known_nodes`.

    Of two incarnations seen at the same step the one that started last is newer.
    """
    by_name: dict[Name, tuple[Newness, Values]] = {}
    by_uid: dict[str, tuple[Newness, Values]] = {}
    nodes_of: dict[Name, set[str]] = {}
    for values, seen in info.items():
        namespace, pod, uid, node, *_ = values
        name = (namespace, pod)
        new = (seen[0], started_at.get((namespace, pod, uid), 0.0), seen[1]), values
        if name not in by_name:
            by_name[name] = new
        else:
            nodes_of.setdefault(name, {by_name[name][1][3]}).add(node)
            by_name[name] = max(by_name[name], new)
        if uid:
            by_uid[uid] = max(by_uid[uid], new) if uid in by_uid else new
    hosts = frozenset(
        {*((values[4], values[3]) for values in info), *((address, node) for node, address in known_nodes)}
    )
    return PodFacts(
        newest={name: Incarnation(*values) for name, (_, values) in by_name.items()},
        moved=frozenset(name for name, nodes in nodes_of.items() if len(nodes - {""}) > 1),
        by_uid={uid: Incarnation(*values) for uid, (_, values) in by_uid.items()},
        nodes=frozenset(node for _, node in hosts) - {""},
        host_nodes=hosts,
    )


def start_times(frame: Frame) -> dict[Uid, float]:
    """The newest reading of kube_pod_start_time for each incarnation, in epoch seconds."""
    steps, _ = seen_steps(frame.values)
    values = frame.values[np.arange(len(steps)), steps].tolist() if steps.size else []
    return {
        (pairs.get("namespace", ""), pairs.get("pod", ""), pairs.get("uid", "")): value
        for pairs, step, value in zip(map(dict, frame.labels), steps.tolist(), values, strict=True)
        if step >= 0
    }


def workloads(
    owners: Projection, facts: PodFacts, kept: Collection[Name], above: Projection = NOBODY_ABOVE
) -> dict[Name, str]:
    """The workload of each of the pods `kept`: the newest incarnation's owner; empty for a pod without one.

    `above`, values of ABOVE_LABELS, tells what owns the Job, or the ReplicaSet that is no Deployment's.
    """
    owner_of = {(values[0], *_owned(values)): values[3:] for values, _ in sorted(above.items(), key=_by_age)}
    found: dict[Name, list[tuple[Values, Seen]]] = {}
    for values, seen in owners.items():
        name = values[0], values[1]
        if name in kept:
            found.setdefault(name, []).append((values, seen))
    named = {name: _owner(found.get(name, []), facts.newest.get(name)) for name in kept}
    return {name: _workload(own, owner_of.get((name[0], *own))) for name, own in named.items()}


def _by_age(one: tuple[Values, Seen]) -> tuple[Seen, Values]:
    return one[1], one[0]


def _owned(values: Values) -> tuple[str, str]:
    """(kind, name) of what is owned, from values of ABOVE_LABELS."""
    return ("Job", values[1]) if values[1] else ("ReplicaSet", values[2])


def _owner(owners: list[tuple[Values, Seen]], pod: Incarnation | None) -> tuple[str, str]:
    """(kind, name) from the pod's owners (values of OWNER_LABELS), else from who created it; empty without one."""
    if len(owners) > 1 and pod is not None:
        owners = [(values, seen) for values, seen in owners if values[2] == pod.uid] or owners
    if owners:
        _, _, _, kind, name = newest(owners)
        return kind, name
    return ("", "") if pod is None else (pod.created_by_kind, pod.created_by_name)


def _workload(own: tuple[str, str], above: Values | None) -> str:
    """The owner's owner where it is told, the owner itself where it is told that nobody owns it, else by its name."""
    if above is None:
        return workload(*own)
    kind, name = above
    return "/".join(own) if kind in NO_KIND else f"{kind}/{name}"


def workload(kind: str, name: str) -> str:
    """What stays when pods come and go; empty for a pod of its own and for a static pod of a node."""
    if kind in {*NO_KIND, "Node"} or not name:
        return ""
    if kind == "ReplicaSet" and (template := POD_TEMPLATE_HASH.sub("", name)) != name:
        return f"Deployment/{template}"
    return f"{kind}/{name}"


def tiers_of_namespaces(
    namespaces: Iterable[str], labels: Projection, tiers: Mapping[str, str], usual: Mapping[str, str]
) -> dict[str, str]:
    """The tier of each namespace; empty where none is known.

    As set for this daemon, else its label `correlator_tier`, else its label `tier`, else what is `usual` for its name.
    """
    told = {values[0]: values[1] or values[2] for values, _ in sorted(labels.items(), key=lambda one: one[::-1])}
    return {name: tier_of(name, tiers) or told.get(name, "") or tier_of(name, usual) for name in namespaces}
