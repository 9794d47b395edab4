"""What an alert is about, as far as its labels name things that incidents know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelNames:
    """By which labels alerts name things; of several that an alert carries, the first counts.

    `exported_…` comes first: so Prometheus renames what a series said itself where the scraped target has such a label.
    Alerts of `node_jobs` carry namespace and pod of the exporter, which they are not about: of these only nodes,
    volumes and devices count, and the host in `instance` is the node where no label names it.
    """

    cluster: tuple[str, ...] = ("cluster",)
    namespace: tuple[str, ...] = ("exported_namespace", "namespace", "kubernetes_namespace")
    pod: tuple[str, ...] = ("exported_pod", "pod", "pod_name", "kubernetes_pod_name")
    workload: tuple[str, ...] = ("workload", "deployment", "statefulset", "daemonset", "job_name", "cronjob")
    model: tuple[str, ...] = ("exported_model_name", "model_name", "model")
    node: tuple[str, ...] = ("exported_node", "node", "nodename", "kubernetes_node")
    volume: tuple[str, ...] = ("volume",)
    claim: tuple[str, ...] = ("exported_persistentvolumeclaim", "persistentvolumeclaim")
    device: tuple[str, ...] = ("device",)
    node_jobs: tuple[str, ...] = ("node-exporter", "node_exporter", "node")


class Subject(NamedTuple):
    """What an alert names; empty where it says nothing. A tuple, since thousands are made at once.

    `workload` has no kind, `device` no directory. `claim` is `namespace/claim` where both are known: the namespace is
    then the claim's, and need not be a victim's.
    """

    cluster: str = ""
    namespace: str = ""
    pod: str = ""
    workload: str = ""
    model: str = ""
    node: str = ""
    volume: str = ""
    claim: str = ""
    device: str = ""

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """The kinds of things that it names, each with the name; the cluster apart."""
        return tuple(each for each in zip(_KINDS, self[1:], strict=True) if each[1])


_KINDS = Subject._fields[1:]


def subject_of(labels: Mapping[str, str], names: LabelNames) -> Subject:
    """What the labels name."""
    shared = {
        "cluster": _first(labels, names.cluster),
        "volume": _first(labels, names.volume),
        "device": _first(labels, names.device).rpartition("/")[2],
    }
    if labels.get("job", "") in names.node_jobs:
        return Subject(**shared, node=_first(labels, names.node) or _host(labels.get("instance", "")))
    namespace, pod, claim = (_first(labels, each) for each in (names.namespace, names.pod, names.claim))
    if claim and namespace:
        claim = f"{namespace}/{claim}"
        namespace = namespace if pod else ""
    return Subject(
        **shared,
        namespace=namespace,
        pod=pod,
        workload=_first(labels, names.workload).rpartition("/")[2],
        model=_first(labels, names.model),
        node=_first(labels, names.node),
        claim=claim,
    )


def _host(instance: str) -> str:
    """Without a port."""
    host, _, port = instance.rpartition(":")
    return host if host and port.isdecimal() else instance


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:  # thousands of alerts come at once: a generator would take three times as long
        if value := labels.get(name):
            return value
    return ""
