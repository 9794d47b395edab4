"""Which node a scrape target's series speak of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from correlator.topology.pods import PodFacts
from correlator.topology.rows import Row, newest_row


def host_of(instance: str) -> str:
    """The host of an `instance`: without its port, and an IPv6 address without its brackets."""
    if instance.startswith("["):
        return instance[1:].partition("]")[0]
    host, _, port = instance.rpartition(":")
    return host if port.isdigit() and ":" not in host else instance


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes by the `instance` of node_exporter and cAdvisor targets, and by host where a host has a single node."""

    of_instance: Mapping[str, str]
    of_host: Mapping[str, str]
    pods: PodFacts

    def of(self, row: Row) -> str:
        """The node of one series: its own `node` label, else its target's, else its pod's; empty when unknown."""
        node = row.get("node") or self.of_instance.get(row.get("instance"), "")
        return node or self.pods.node_of((row.get("namespace"), row.get("pod")))

    def beside(self, instance: str) -> str:
        """The node whose exporter has the same host as this target; empty when unknown."""
        return self.of_host.get(host_of(instance), "")


@dataclass(frozen=True, slots=True)
class Clues:
    """What node names are read from: node_exporter's rows, its node_uname_info, cAdvisor's rows and its heartbeat."""

    exporter: list[Row]
    names: list[Row]
    cadvisor: list[Row]
    heartbeat: list[Row]


def learn_nodes(clues: Clues, pods: PodFacts) -> Nodes:
    """The node of every instance; an instance whose clues name several nodes is left out."""
    hosts = _hosts(clues.cadvisor, pods)
    known = {*pods.nodes, *(row.get("node") for row in clues.cadvisor)} - {""}
    exporters = _exporters(clues, pods, hosts, known)
    hosts = {**_single(((host_of(instance), node) for instance, node in exporters.items())), **hosts}
    kubelets = _kubelets([*clues.cadvisor, *clues.heartbeat], pods, hosts, known)
    return Nodes(of_instance={**kubelets, **exporters}, of_host=hosts, pods=pods)


def _hosts(cadvisor: Iterable[Row], pods: PodFacts) -> dict[str, str]:
    """Hosts whose node is certain: addresses of nodes, and hosts of cAdvisor targets that carry the label `node`."""
    labelled = {(row.get("instance"), row.get("node")) for row in cadvisor}
    return _single([*pods.host_nodes, *((host_of(instance), node) for instance, node in labelled)])


def _single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those keys that have exactly one value; empty keys and values do not count."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, value in pairs:
        if key and value:
            found[key].add(value)
    return {key: min(values) for key, values in found.items() if len(values) == 1}


def _by_instance(found: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by their target, without rows of no target."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        if row.get("instance"):
            grouped[row.get("instance")].append(row)
    return grouped


def _label(candidates: list[Row], label: str) -> tuple[str, bool]:
    """The newest value of a label among rows of one target, and whether two values live side by side."""
    labelled = [row for row in candidates if row.get(label)]
    if not labelled:
        return "", False
    newest = newest_row(labelled)
    return newest.get(label), any(row.seen == newest.seen and row.get(label) != newest.get(label) for row in labelled)


def _exporters(clues: Clues, pods: PodFacts, hosts: Mapping[str, str], known: set[str]) -> dict[str, str]:
    """The node of each node_exporter target.

    The label `node` settles it. Of the other names the first that Kubernetes knows is right (a host may call itself
    otherwise); without Kubernetes the first one.
    """
    named = _by_instance(clues.names)
    nodes: dict[str, str] = {}
    for instance, candidates in _by_instance([*clues.exporter, *clues.names]).items():
        node, divided = _label(candidates, "node")
        if divided:
            continue
        if not node:
            own = newest_row(candidates)
            names = (
                _label(named.get(instance, []), "nodename")[0],
                pods.node_of((own.get("namespace"), own.get("pod"))),
                hosts.get(host_of(instance), ""),
                host_of(instance),
            )
            node = _first(names, known)
        nodes[instance] = node
    return nodes


def _first(names: Iterable[str], known: set[str]) -> str:
    """The first name that is known; else the first at all."""
    given = [name for name in names if name]
    return next((name for name in given if name in known), given[0])


def _kubelets(cadvisor: Iterable[Row], pods: PodFacts, hosts: Mapping[str, str], known: set[str]) -> dict[str, str]:
    """The node of each cAdvisor target: its label `node`, else the one that all its pods run on, else its host's."""
    nodes: dict[str, str] = {}
    for instance, candidates in _by_instance(cadvisor).items():
        node, divided = _label(candidates, "node")
        if divided:
            continue
        if not node:
            voted = {pods.only_node_of((row.get("namespace"), row.get("pod"))) for row in candidates} - {""}
            if len(voted) > 1:
                continue
            host = host_of(instance)
            node = next(iter(voted), "") or hosts.get(host, "") or (host if host in known else "")
        nodes[instance] = node or host_of(instance)
    return nodes
