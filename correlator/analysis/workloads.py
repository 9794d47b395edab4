"""The pods of one workload over days: Kubernetes gives them new names, made after a rule for each kind of owner."""

import re

from correlator.analysis.victims import VictimKey
from correlator.model.topology import PodRef, Topology

_SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters of generated names: no vowels, nothing that reads like another."""

_RUN = re.compile(r"-[0-9]{8,10}$")
"""What a CronJob appends to the name of each Job: the scheduled time, in minutes or seconds since 1970."""


def pods_of(workload: str, pod: str) -> str:
    """A regular expression for the names of all pods that a workload has had, `pod` among them.

    `workload` is as in `model.topology.Pod`: kind/name, empty for a pod of its own. Jobs of one CronJob are one
    workload. Where the rule for names is not known only the pod itself is meant.
    """
    kind, _, name = workload.partition("/")
    rule, own = _rule(kind, name), re.escape(pod)
    if not rule:
        return own
    return rule if re.fullmatch(rule, pod) else f"{own}|{rule}"


def pods_match(ref: PodRef, topology: Topology) -> dict[str, str]:
    """What the labels of a pod's series match, over all pods that its workload has had."""
    pod = topology.pods.get(ref)
    return {"namespace": re.escape(ref.namespace), "pod": pods_of(pod.workload if pod else "", ref.pod)}


def victim_match(key: VictimKey, topology: Topology) -> dict[str, str]:
    """What the labels of a victim's series match: its workload's pods, or its scrape target, and the model."""
    match = pods_match(key.ref, topology) if key.ref.namespace else {"instance": re.escape(key.ref.pod)}
    return {**match, "model_name": re.escape(key.model_name)} if key.model_name else match


def template_of(workload: str) -> str:
    """What is run again and again: the workload; of a Job whose name ends in the time of a run, what is before it.

    Empty where the names of its pods do not tell that they belong together.
    """
    kind, _, name = workload.partition("/")
    if not _rule(kind, name):
        return ""
    return _RUN.sub("", workload) if kind == "Job" else workload


def job_of(workload: str, pod: str) -> str:
    """The Job that a pod belongs to, of a CronJob's as the pod's name tells; empty for other workloads, odd names."""
    kind, _, name = workload.partition("/")
    if kind == "CronJob":
        found = re.match(f"{re.escape(name)}-[0-9]{{8,10}}(?=-)", pod)
        return found.group() if found else ""
    return name if kind == "Job" else ""


def template_hash_of(workload: str, pod: str) -> str:
    """Which version of a Deployment a pod was made from, as its name tells; empty for other owners and odd names."""
    kind, _, name = workload.partition("/")
    found = re.fullmatch(f"{re.escape(name)}-({_SUFFIX}{{6,10}})-{_SUFFIX}{{5}}", pod) if kind == "Deployment" else None
    return found.group(1) if found else ""


def _rule(kind: str, name: str) -> str:
    if not name:
        return ""
    if kind == "CronJob":
        return f"{re.escape(name)}-[0-9]{{8,10}}(-[0-9]{{1,6}})?-{_SUFFIX}{{5}}"
    if kind == "Job":
        template = _RUN.sub("", name)
        run = "" if template == name else "-[0-9]{8,10}"
        return f"{re.escape(template)}{run}(-[0-9]{{1,6}})?-{_SUFFIX}{{5}}"
    rules = {
        "Deployment": f"-{_SUFFIX}{{6,10}}-{_SUFFIX}{{5}}",
        "ReplicaSet": f"-{_SUFFIX}{{5}}",
        "DaemonSet": f"-{_SUFFIX}{{5}}",
        "StatefulSet": "-[0-9]+",
    }
    return f"{re.escape(name)}{rules[kind]}" if kind in rules else ""
