"""Prometheus' text format, as much of it as the lab's exporters need."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Sample:
    """One series' value now; `kind` is the metric's type."""

    name: str
    labels: Mapping[str, str]
    value: float
    kind: str = "counter"


def render(samples: Iterable[Sample]) -> str:
    """Samples as text, grouped by metric."""
    families: dict[str, list[Sample]] = {}
    for sample in samples:
        families.setdefault(sample.name, []).append(sample)
    lines: list[str] = []
    for name, family in families.items():
        lines.append(f"# TYPE {name} {family[0].kind}")
        lines.extend(f"{name}{{{_labels(sample.labels)}}} {sample.value!r}" for sample in family)
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
