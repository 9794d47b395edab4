"""LogQL for a few pods."""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from correlator.logs.look import BUCKET_SECONDS, Subject

NAMESPACE_LABELS = ("namespace", "k8s_namespace_name", "kubernetes_namespace_name", "namespace_name")
POD_LABELS = ("pod", "pod_name", "k8s_pod_name", "kubernetes_pod_name")
"""What Promtail and Alloy, OpenTelemetry, and Fluent Bit call them, in the order in which they are looked for."""


@dataclass(frozen=True, slots=True)
class LabelNames:
    """What Loki calls namespace and pod. A pod that is no label of streams is looked for in structured metadata."""

    namespace: str
    pod: str
    pod_is_of_stream: bool = True


def label_names(known: Collection[str], namespace: str, pod: str) -> LabelNames | None:
    """The names to use, given those of streams and what is set (empty: find it); None: no namespace is known."""
    found = namespace or next((name for name in NAMESPACE_LABELS if name in known), "")
    if found not in known:
        return None
    of_pod = pod or next((name for name in POD_LABELS if name in known), "")
    if not of_pod:
        of_pod = "k8s_pod_name" if found == "k8s_namespace_name" else "pod"
    return LabelNames(found, of_pod, of_pod in known)


def count_query(names: LabelNames, subjects: Iterable[Subject], pattern: str = "") -> str:
    """Lines a bucket by pod, of those that match `pattern` (empty: all)."""
    lines = _lines(names, list(subjects), pattern)
    return f"sum by ({names.namespace}, {names.pod}) (count_over_time({lines} [{BUCKET_SECONDS}s]))"


def lines_query(names: LabelNames, subject: Subject, pattern: str) -> str:
    """The lines of one pod that match."""
    return _lines(names, [subject], pattern)


def _lines(names: LabelNames, subjects: list[Subject], pattern: str) -> str:
    namespaces = _one_of(names.namespace, {subject.namespace for subject in subjects})
    pods = _one_of(names.pod, {subject.pod for subject in subjects})
    selected = f"{{{namespaces}, {pods}}}" if names.pod_is_of_stream else f"{{{namespaces}}} | {pods}"
    return f"{selected} |~ {_quoted(pattern)}" if pattern else selected


def _one_of(label: str, values: set[str]) -> str:
    return f"{label}=~{_quoted('|'.join(re.escape(value) for value in sorted(values)))}"


def _quoted(text: str) -> str:
    """A string as Go reads it: JSON's, but for characters beyond 16 bits, which stay as they are."""
    return json.dumps(text, ensure_ascii=False)
