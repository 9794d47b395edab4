"""Findings from what is asked of a large cluster are those from everything."""

from dataclasses import replace

import pytest

from correlator import catalog
from correlator.inquiry import Inquiry, Walk
from correlator.model.finding import Finding
from correlator.model.frame import Frames
from tests.calibrated import calibrated
from tests.narrowing import ClusterSource, together
from tests.scenarios.ten_nodes import CASES
from tests.unit.analysis import stories

STEP = 15


def inquiry(source: ClusterSource, *, narrow: bool, chunk_steps: int = 500) -> Inquiry:
    """As of a large cluster, or of a small one."""
    return Inquiry(
        source=source,
        signals=catalog.load(),
        parameters=replace(calibrated(), history_seconds=0, symptoms=catalog.load_symptoms()),
        tiers={},
        step_seconds=STEP,
        chunk_steps=chunk_steps,
        whole_disks=0 if narrow else None,
    )


def judged(source: ClusterSource, first: int, last: int, *, narrow: bool, chunk_steps: int = 500) -> list[Finding]:
    """All findings at columns `first` to `last`."""
    start = source.frames.grid.start
    walk = Walk(inquiry(source, narrow=narrow, chunk_steps=chunk_steps), STEP, start + first * STEP)
    return [finding for each in walk.advance(start + last * STEP) for finding in each.findings]


def several_nodes() -> Frames:
    """Nodes with trouble of every kind beside quiet ones."""
    made = [
        stories.one_writer(),
        stories.story(2),
        stories.two_writers(),
        stories.bystander(),
        stories.slow_compute(),
        stories.story(3),
        stories.one_reader(),
    ]
    return together(story.frames() for story in made)


def assert_same_findings(frames: Frames, first: int, last: int, chunk_steps: int = 500) -> list[Finding]:
    """Whichever way the cluster is asked; the findings."""
    expected = judged(ClusterSource(frames), first, last, narrow=False)
    assert judged(ClusterSource(frames), first, last, narrow=True, chunk_steps=chunk_steps) == expected
    return expected


@pytest.mark.parametrize("chunk_steps", [1, 7, 500])
def test_trouble_on_some_of_several_nodes(chunk_steps: int) -> None:
    """Whether columns come one by one, in pieces or all at once."""
    findings = assert_same_findings(several_nodes(), stories.FIRST, stories.END + 10, chunk_steps)
    assert {finding.victim.pod for finding in findings} == {f"vllm-0-x{number}" for number in (0, 2, 3, 4, 6)}


@pytest.mark.parametrize(("name", "seed"), [(name, 400 + number) for number, name in enumerate(CASES)])
def test_trouble_on_a_back_end_that_ten_nodes_share(name: str, seed: int) -> None:
    """Suspects on other nodes, as NFS and as RBD tell of them."""
    cluster, _, culprits = CASES[name](seed)
    frames = cluster.made.nfs() if seed % 2 else cluster.made.rbd()
    findings = assert_same_findings(frames, stories.FIRST, stories.LATER)
    accused = {suspect.pod for finding in findings for suspect in finding.suspects if suspect.accused}
    assert not culprits or accused <= culprits | {""}
