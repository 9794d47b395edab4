"""The chart as Helm renders it, offline."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import helm_python
import yaml

Manifest: TypeAlias = dict[str, Any]

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "correlator"
VALUE_SETS = sorted(CHART.glob("ci/*-values.yaml"))
RELEASE, NAMESPACE = "correlator", "monitoring"


def values_of(path: Path) -> dict[str, Any]:
    """A file of values."""
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return values


def files_of(values: Mapping[str, Any], chart: Path = CHART, name: str = RELEASE) -> dict[str, str]:
    """What Helm makes of each template, by its path. Raises HelmError where the values are refused."""
    with helm_python.Chart.load(chart) as loaded:
        return loaded.render(dict(values), name=name, namespace=NAMESPACE)


def rendered(values: Mapping[str, Any], chart: Path = CHART, name: str = RELEASE) -> list[Manifest]:
    """Every object of a release."""
    texts = files_of(values, chart, name)
    return [each for path, text in texts.items() if path.endswith(".yaml") for each in manifests_in(text)]


def manifests_in(text: str) -> Iterator[Manifest]:
    """The objects of some YAML; empty documents are none."""
    return (each for each in yaml.safe_load_all(text) if each)


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    """Those of one kind."""
    return [each for each in manifests if each["kind"] == kind]


def the(manifests: list[Manifest], kind: str) -> Manifest:
    """The only one of its kind."""
    (found,) = of_kind(manifests, kind)
    return found
