"""What a victim said that it depends on."""

from collections.abc import Mapping, Sequence

import pytest

from correlator.model.topology import PodRef
from correlator.topology import join
from tests.unit.topology.exporters import Part, frames, pod_info, pod_io, series, together, victim

AGENT = PodRef("agents", "agent-0")


def cluster(annotation: str = "") -> Part:
    """An agent, a database of two pods with a namesake elsewhere, and what the agent says of itself."""
    owner = {"namespace": "db", "owner_kind": "StatefulSet", "owner_name": "pg"}
    told = [
        victim(namespace="agents", pod="agent-0", instance="x:1"),
        *(pod_info(ref, "n1") for ref in ("agents/agent-0", "db/pg-0", "db/pg-1", "agents/cache-0")),
        *(pod_io(ref, "/dev/sda") for ref in ("db/pg-0", "db/pg-1", "agents/cache-0")),
        *(series("pod_owner", pod=name, uid=f"uid-{name}", **owner) for name in ("pg-0", "pg-1")),
    ]
    if annotation:
        told.append(
            series("pod_annotations", namespace="agents", pod="agent-0", annotation_correlator_depends_on=annotation)
        )
    return together(*told)


@pytest.mark.parametrize(
    ("annotation", "found"),
    [
        ("db/StatefulSet/pg", ["db/pg-0", "db/pg-1"]),
        ("db/pg-1", ["db/pg-1"]),
        ("cache-0, db/pg-0", ["agents/cache-0", "db/pg-0"]),
        ("StatefulSet/pg", []),
        ("db/nobody", []),
    ],
)
def test_an_annotation_names_pods_and_workloads(annotation: str, found: Sequence[str]) -> None:
    """Without a namespace it means the victim's own; who is not known is left out."""
    assert [str(ref) for ref in join(frames(cluster(annotation))).depends_on.get(AGENT, ())] == found


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ({"agents/agent-0": ["db/StatefulSet/pg"]}, ["db/pg-0", "db/pg-1"]),
        ({"agents/other-0": ["db/pg-0"]}, []),
        ({"db/pg-0": ["agents/cache-0"]}, []),
    ],
)
def test_a_setting_does_so_for_victims(setting: Mapping[str, Sequence[str]], found: Sequence[str]) -> None:
    """Only what is watched depends on anything."""
    assert [str(ref) for ref in join(frames(cluster()), needs=setting).depends_on.get(AGENT, ())] == found
