"""What kube-state-metrics tells of pods: node, owner, start, tier."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from correlator.model.frame import Frame
from correlator.topology.rows import Row, enumerate_rows, newest_row, rows

Name: TypeAlias = tuple[str, str]
"""(namespace, pod)"""

POD_TEMPLATE_HASH = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{6,10}$")
"""What a Deployment appends to its ReplicaSets' names: a 32-bit number in Kubernetes' alphabet without vowels."""


@dataclass(frozen=True, slots=True)
class PodFacts:
    """kube_pod_info of a window: each incarnation of a pod has a uid, and the newest one speaks for the pod."""

    newest: Mapping[Name, Row]
    nodes_of_name: Mapping[Name, frozenset[str]]
    by_uid: Mapping[str, Row]
    nodes: frozenset[str]
    host_nodes: frozenset[tuple[str, str]]

    def node_of(self, name: Name) -> str:
        """The node of a pod's newest incarnation; empty when unknown."""
        row = self.newest.get(name)
        return "" if row is None else row.get("node")

    def only_node_of(self, name: Name) -> str:
        """The node of a pod that was on a single node during the window; empty for others."""
        nodes = self.nodes_of_name.get(name, frozenset())
        return next(iter(nodes)) if len(nodes) == 1 else ""


def learn_pods(info: Frame, started_at: Mapping[tuple[str, str, str], float]) -> PodFacts:
    """Read pod_info. Of two incarnations seen at the same step the one that started last is the newer."""
    found = rows(info)
    incarnations: dict[Name, list[Row]] = defaultdict(list)
    for row in found:
        incarnations[row.get("namespace"), row.get("pod")].append(row)

    def newness(row: Row) -> tuple[int, float, object]:
        started = started_at.get((row.get("namespace"), row.get("pod"), row.get("uid")), 0.0)
        return row.seen[0], started, row.newness()

    return PodFacts(
        newest={name: max(candidates, key=newness) for name, candidates in incarnations.items()},
        nodes_of_name={
            name: frozenset(row.get("node") for row in candidates) - {""} for name, candidates in incarnations.items()
        },
        by_uid={row.get("uid"): row for row in sorted(found, key=Row.newness) if row.get("uid")},
        nodes=frozenset(row.get("node") for row in found) - {""},
        host_nodes=frozenset((row.get("host_ip"), row.get("node")) for row in found),
    )


def start_times(frame: Frame) -> dict[tuple[str, str, str], float]:
    """(namespace, pod, uid) → epoch seconds, the newest reading of kube_pod_start_time."""
    return {
        (row.get("namespace"), row.get("pod"), row.get("uid")): float(frame.values[index, row.seen[0]])
        for index, row in enumerate_rows(frame)
    }


def workloads(owners: Frame, facts: PodFacts, kept: Iterable[Name]) -> dict[Name, str]:
    """The workload of each of the pods `kept`: the newest incarnation's owner; empty for a pod without one."""
    wanted = set(kept)
    found: dict[Name, list[Row]] = defaultdict(list)
    for row in rows(owners):
        if (name := (row.get("namespace"), row.get("pod"))) in wanted:
            found[name].append(row)
    return {name: _workload(found.get(name, []), facts.newest.get(name)) for name in wanted}


def _workload(owners: list[Row], pod: Row | None) -> str:
    """From the pod's owners, else from who created it."""
    if pod is not None:
        owners = [owner for owner in owners if owner.get("uid") == pod.get("uid")] or owners
    if owners:
        owner = newest_row(owners)
        return workload(owner.get("owner_kind"), owner.get("owner_name"))
    return "" if pod is None else workload(pod.get("created_by_kind"), pod.get("created_by_name"))


def workload(kind: str, name: str) -> str:
    """What stays when pods come and go; empty for a pod of its own and for a static pod of a node."""
    if kind in {"", "<none>", "Node"} or not name:
        return ""
    if kind == "ReplicaSet" and (template := POD_TEMPLATE_HASH.sub("", name)) != name:
        return f"Deployment/{template}"
    return f"{kind}/{name}"


def tiers_of_namespaces(labels: Frame, settings: Mapping[str, str]) -> dict[str, str]:
    """The tier of each namespace: as set for this daemon, else its label `correlator_tier`, else its label `tier`."""
    by_namespace: dict[str, list[Row]] = defaultdict(list)
    for row in rows(labels):
        by_namespace[row.get("namespace")].append(row)
    found = {name: newest_row(candidates) for name, candidates in by_namespace.items()}
    named = {name: row.get("label_correlator_tier") or row.get("label_tier") for name, row in found.items()}
    return {**named, **settings}
