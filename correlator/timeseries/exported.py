"""What a cycle exported, under the labels of `/metrics`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from correlator.publish.families import FAMILIES
from correlator.publish.samples import Values

_LABELS = {family.name: family.labels for family in FAMILIES}


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its labels' names, and a value for each combination of theirs."""

    names: tuple[str, ...]
    values: Mapping[tuple[str, ...], float]


Exported: TypeAlias = Mapping[str, Family]


def exported(values: Values, cluster: str) -> Exported:
    """Values with the names of their labels, the cluster among them where it is set."""
    if not cluster:
        return {name: Family(_LABELS[name], found) for name, found in values.items()}
    return {
        name: Family((*_LABELS[name], "cluster"), {(*labels, cluster): value for labels, value in found.items()})
        for name, found in values.items()
    }
