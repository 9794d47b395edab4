"""Which node a scrape target's series speak of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from correlator.topology.pods import Name, PodFacts
from correlator.topology.projection import Projection, Seen, Values, newest

TARGET = ("instance", "node", "namespace", "pod")
"""The labels that place a series: node_exporter's namespace and pod are its own, cAdvisor's those of the user."""


def host_of(instance: str) -> str:
    """The host of an `instance`: without its port, and an IPv6 address without its brackets."""
    if instance.startswith("["):
        return instance[1:].partition("]")[0] or instance
    host, _, port = instance.rpartition(":")
    return host if host and port.isdigit() and ":" not in host else instance


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes by the `instance` of node_exporter and cAdvisor targets, and by host where a host has a single node."""

    of_instance: Mapping[str, str]
    of_host: Mapping[str, str]
    pods: PodFacts

    def of(self, instance: str, node: str, name: Name) -> str:
        """The node of a series: its own `node` label, else its target's, else its pod's; empty when unknown."""
        return node or self.of_instance.get(instance) or self.pods.node_of(name)

    def beside(self, instance: str) -> str:
        """The node whose exporter has the same host as this target; empty when unknown."""
        return self.of_host.get(host_of(instance), "")

    def place(self, found: Projection) -> dict[Values, Seen]:
        """Node and other values for the values of TARGET and others; without those whose node is unknown."""
        placed: dict[Values, Seen] = {}
        for (instance, label, namespace, pod, *others), seen in found.items():
            if node := self.of(instance, label, (namespace, pod)):
                key = (node, *others)
                placed[key] = max(seen, placed.get(key, seen))
        return placed


@dataclass(frozen=True, slots=True)
class Clues:
    """What nodes are learnt from: values that begin with those of TARGET, of node_exporter's and cAdvisor's series.

    `names` are (instance, nodename), `heartbeats` instances of cAdvisor.
    """

    exporter: Iterable[tuple[Values, Seen]]
    names: Projection
    cadvisor: Iterable[tuple[Values, Seen]]
    heartbeats: Iterable[str]


def learn_nodes(clues: Clues, pods: PodFacts) -> Nodes:
    """The node of every instance; an instance whose clues name several nodes is left out."""
    kubelets = _targets(clues.cadvisor)
    for instance in clues.heartbeats:
        kubelets.setdefault(instance, _Target({}, set()))
    labelled = [(instance, node) for instance, target in kubelets.items() for node in target.labelled]
    known = {*pods.nodes, *(node for _, node in labelled)}
    hosts = _single([*pods.host_nodes, *((host_of(instance), node) for instance, node in labelled)])
    exporters = _exporters(clues, pods, hosts, known)
    hosts = {**_single((host_of(instance), node) for instance, node in exporters.items()), **hosts}
    return Nodes(of_instance={**_kubelets(kubelets, pods, hosts, known), **exporters}, of_host=hosts, pods=pods)


def _single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those keys that have exactly one value; empty keys and values do not count."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, value in pairs:
        if key and value:
            found[key].add(value)
    return {key: min(values) for key, values in found.items() if len(values) == 1}


@dataclass(frozen=True, slots=True)
class _Target:
    """What the series of one instance say: values of the label `node` and when each was seen; pods without it."""

    labelled: dict[str, Seen]
    pods: set[Name]

    def node(self) -> tuple[str, bool]:
        """The newest node label, and whether two of them live side by side."""
        if not self.labelled:
            return "", False
        last = max(self.labelled.values())
        nodes = sorted(node for node, seen in self.labelled.items() if seen == last)
        return nodes[0], len(nodes) > 1


def _targets(found: Iterable[tuple[Values, Seen]]) -> dict[str, _Target]:
    """Targets by their instance; only the first four values, those of TARGET, are read."""
    targets: dict[str, _Target] = {}
    for values, seen in found:
        instance, node = values[0], values[1]
        target = targets.get(instance)
        if target is None:
            target = targets[instance] = _Target({}, set())
        if node:
            known = target.labelled.get(node)
            target.labelled[node] = seen if known is None else max(known, seen)
        else:
            target.pods.add((values[2], values[3]))
    targets.pop("", None)
    return targets


def _exporters(clues: Clues, pods: PodFacts, hosts: Mapping[str, str], known: set[str]) -> dict[str, str]:
    """The node of each node_exporter target.

    The label `node` settles it. Of the other names the first that Kubernetes knows is right (a host may call itself
    otherwise); without Kubernetes the first one.
    """
    called: dict[str, list[tuple[Values, Seen]]] = defaultdict(list)
    for values, seen in clues.names.items():
        called[values[0]].append((values, seen))
    nodes: dict[str, str] = {}
    for instance, target in _targets(clues.exporter).items():
        node, divided = target.node()
        if divided:
            continue
        nodename = newest(called[instance])[1] if instance in called else ""
        own = sorted(pods.node_of(name) for name in target.pods)
        host = host_of(instance)
        nodes[instance] = node or _first((nodename, *own, hosts.get(host, ""), host), known)
    return nodes


def _first(names: Iterable[str], known: set[str]) -> str:
    """The first name that is known; else the first at all."""
    given = [name for name in names if name]
    return next((name for name in given if name in known), given[0])


def _kubelets(
    targets: Mapping[str, _Target], pods: PodFacts, hosts: Mapping[str, str], known: set[str]
) -> dict[str, str]:
    """The node of each cAdvisor target: its label `node`, else the one that all its pods run on, else its host's."""
    nodes: dict[str, str] = {}
    for instance, target in targets.items():
        node, divided = target.node()
        voted = set() if node else {pods.only_node_of(name) for name in target.pods} - {""}
        if divided or len(voted) > 1:
            continue
        host = host_of(instance)
        other = hosts.get(host, "") or (host if host in known else "")
        nodes[instance] = node or next(iter(voted), "") or other or host
    return nodes
