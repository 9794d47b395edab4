"""With the Kubernetes API, alone or beside kube-state-metrics, what is asked of a large cluster leads to the same."""

import pytest

from correlator.inquiry import Walk
from correlator.model.finding import Finding
from correlator.model.frame import Frames
from correlator.model.source import Source
from tests.kubernetes_objects import WithoutInfos, api_of, beside_api
from tests.narrowing import ClusterSource, narrow_inquiry, several_nodes
from tests.scenarios.ten_nodes import CASES
from tests.unit.analysis import stories


def judged(source: Source, frames: Frames, first: int, last: int, *, narrow: bool, chunk_steps: int) -> list[Finding]:
    """All findings at columns `first` to `last`."""
    start, step = frames.grid.start, frames.grid.step
    walk = Walk(narrow_inquiry(source, narrow=narrow, chunk_steps=chunk_steps, step=step), step, start + first * step)
    return [finding for each in walk.advance(start + last * step) for finding in each.findings]


def alone(frames: Frames) -> Source:
    """The API without kube-state-metrics."""
    return beside_api(WithoutInfos(ClusterSource(frames)), api_of(frames), lambda: float(frames.grid.last))


def both(frames: Frames) -> Source:
    """The API beside kube-state-metrics."""
    return beside_api(ClusterSource(frames), api_of(frames), lambda: float(frames.grid.last))


def assert_same_findings(frames: Frames, first: int, last: int, chunk_steps: int = 500) -> list[Finding]:
    """Whoever tells of pods, and whichever way the cluster is asked; the findings."""
    expected = judged(ClusterSource(frames), frames, first, last, narrow=False, chunk_steps=500)
    for source, narrow in ((alone, False), (alone, True), (both, True)):
        assert judged(source(frames), frames, first, last, narrow=narrow, chunk_steps=chunk_steps) == expected
    return expected


@pytest.mark.parametrize(
    ("name", "seed", "chunk_steps"),
    [
        ("one node reads or writes more", 401, 1),
        ("one node reads or writes more", 400, 500),
        ("the back end is quiet while a node begins 30 % more", 403, 500),
    ],
)
def test_shared_claims_used_from_other_nodes(name: str, seed: int, chunk_steps: int) -> None:
    """Of the nodes of its users nothing is asked before; the quiet one accuses nobody."""
    cluster, _, culprits = CASES[name](seed)
    frames = cluster.made.nfs() if seed % 2 else cluster.made.rbd()
    findings = assert_same_findings(frames, stories.ONSET - 2, stories.LATER, chunk_steps)
    assert findings
    assert {suspect.pod for finding in findings for suspect in finding.suspects if suspect.accused} == culprits


def test_trouble_on_some_of_several_nodes() -> None:
    """Quiet ones among them; whom nobody but first tokens names is placed by the API."""
    findings = assert_same_findings(several_nodes(), stories.ONSET, stories.LATER)
    assert len({finding.victim.pod for finding in findings}) > 3
