"""Findings from what is asked of a large cluster are those from everything."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from correlator.analysis.evaluate import Evaluation, evaluate_unwatched
from correlator.inquiry import Walk
from correlator.inquiry.detail import SHOWN_NODES
from correlator.inquiry.window import DETAIL_TRIES
from correlator.model.finding import Finding, Verdict
from correlator.model.frame import BlindSpot, Frames
from correlator.model.grid import Grid
from correlator.model.source import SourceError
from correlator.model.topology import PodRef
from tests.narrowing import STEP, ClusterSource, narrow_inquiry, several_nodes, simulated_nodes, together
from tests.scenarios.cases import recording
from tests.scenarios.ten_nodes import CASES
from tests.unit.analysis import stories
from tests.unit.analysis.test_silence import STOP, pressed, restarted_container, scaled_down, story, told, vanished


def walk_of(source: ClusterSource, first: int, *, narrow: bool, chunk_steps: int = 500) -> Walk:
    """From column `first` on."""
    start, step = source.frames.grid.start, source.frames.grid.step
    return Walk(narrow_inquiry(source, narrow=narrow, chunk_steps=chunk_steps, step=step), step, start + first * step)


def judged(source: ClusterSource, first: int, last: int, *, narrow: bool, chunk_steps: int = 500) -> list[Finding]:
    """All findings at columns `first` to `last`."""
    walk = walk_of(source, first, narrow=narrow, chunk_steps=chunk_steps)
    end = source.frames.grid.start + last * walk.step
    return [finding for each in walk.advance(end) for finding in each.findings]


def assert_same_findings(frames: Frames, first: int, last: int, chunk_steps: int = 500) -> list[Finding]:
    """Whichever way the cluster is asked; the findings."""
    expected = judged(ClusterSource(frames), first, last, narrow=False)
    assert judged(ClusterSource(frames), first, last, narrow=True, chunk_steps=chunk_steps) == expected
    return expected


@pytest.mark.parametrize("chunk_steps", [1, 7])
def test_trouble_on_some_of_several_nodes(chunk_steps: int) -> None:
    """Whether columns come one by one, in pieces or all at once."""
    findings = assert_same_findings(several_nodes(), stories.FIRST, stories.LATER, chunk_steps)
    assert {finding.victim.pod for finding in findings} == {f"vllm-0-x{number}" for number in (0, 2, 3, 4, 6)}


def test_simulated_nodes_with_all_that_exporters_show() -> None:
    """Claims, pressure, device numbers, restarts; and victims that are gone one after the other."""
    findings = assert_same_findings(simulated_nodes(), 95, 140)
    assert len({finding.victim.pod for finding in findings}) > 3


def test_work_that_stops_and_series_that_vanish() -> None:
    """Whether their pod runs on is told by its own I/O, of which nothing is asked before; nobody is shown here."""
    ends = (vanished(pressed(told(story()), 0.8)), pressed(told(story()), 0.8), restarted_container(), scaled_down())
    frames = together([stories.story().frames(), *ends])
    found = []
    for narrow in (False, True):
        inquiry = replace(narrow_inquiry(ClusterSource(frames), narrow=narrow), judge=evaluate_unwatched)
        walk = Walk(inquiry, STEP, frames.grid.start + STOP * STEP)
        found.append([each for one in walk.advance(frames.grid.start + (STOP + 9) * STEP) for each in one.findings])
    assert found[1] == found[0]
    assert {"vllm-0-x1", "vllm-0-x2"} <= {finding.victim.pod for finding in found[0]}


def test_recordings_of_real_contention() -> None:
    """Three of them as nodes of one cluster."""
    frames = together(recording(name).recording.frames for name in ("one_writer", "own_io", "unattributed"))
    findings = assert_same_findings(frames, 58, 72)
    assert len({finding.victim.pod for finding in findings}) > 1


@pytest.mark.parametrize(("name", "seed"), [(name, 400 + number) for number, name in enumerate([*CASES][::2])])
def test_trouble_on_a_back_end_that_ten_nodes_share(name: str, seed: int) -> None:
    """Suspects on other nodes, as NFS and as RBD tell of them."""
    cluster, _, culprits = CASES[name](seed)
    frames = cluster.made.nfs() if seed % 2 else cluster.made.rbd()
    findings = assert_same_findings(frames, stories.FIRST, stories.LATER)
    accused = {suspect.pod for finding in findings for suspect in finding.suspects if suspect.accused}
    assert not culprits or accused <= culprits | {""}


def quiet_nodes() -> Frames:
    """Twenty nodes that have nothing to tell."""
    return together(stories.story(seed).frames() for seed in range(1, 21))


def test_quiet_nodes_are_not_asked_for_in_full() -> None:
    """Every volume is screened; pods' I/O is there of the nodes that are shown, and of no others."""
    source = ClusterSource(quiet_nodes())
    walk = walk_of(source, 60, narrow=True, chunk_steps=1)
    for _ in walk.advance(source.frames.grid.start + 64 * STEP):
        pass
    looked = walk.look()
    assert looked is not None
    frames = looked[0]
    assert len(frames.get("disk_queue_time").labels) == len(frames.get("ttft_count").labels) == 20
    nodes = {dict(labels)["node"] for labels in frames.get("pod_reads").labels}
    assert 0 < len(nodes) <= SHOWN_NODES + 1


def test_explanation_of_somebody_whom_nobody_looked_at() -> None:
    """What is asked for on demand is explained as if it had been there."""
    frames = several_nodes()
    told = []
    for narrow in (False, True):
        walk = walk_of(ClusterSource(frames), 60, narrow=narrow)
        for _ in walk.advance(frames.grid.start + 62 * STEP):
            pass
        told.append(walk.explain(PodRef("inference", "vllm-0-x5")))
    assert told[0] is not None
    assert told[0] == told[1]


def test_growing_cluster_is_narrowed_from_then_on() -> None:
    """A cluster that had few disks and has many now."""
    frames = several_nodes()
    source = ClusterSource(frames)
    inquiry = narrow_inquiry(source, narrow=True)
    grown = Walk(replace(inquiry, whole_disks=6, chunk_steps=1), STEP, frames.grid.start + 60 * STEP)
    small = Walk(replace(inquiry, whole_disks=7, chunk_steps=1), STEP, frames.grid.start + 60 * STEP)
    asked = []
    for walk in (grown, small):
        for _ in walk.advance(frames.grid.start + 63 * STEP):
            pass
        asked.append(len({query for query in source.asked[-1][1] if "instance=~" in query}))
    assert asked[0] > 0
    assert asked[1] == 0


def failing(times: int, outcome: SourceError | BlindSpot) -> Callable[[Grid], SourceError | BlindSpot | None]:
    """So many answers to what looks need fail after the first one, which is about no look yet."""
    left = [None, *[outcome] * times]
    return lambda _: left.pop(0) if left else None


def advanced(walk: Walk, end: float) -> tuple[list[Evaluation], int]:
    """All steps up to `end`, asked again after each failure; and how many failures there were."""
    found: list[Evaluation] = []
    failures = 0
    while walk.next_at <= end:
        assert failures < 100, "it waits for ever"
        try:
            found.extend(walk.advance(end))
        except SourceError:
            failures += 1
    return found, failures


def test_step_waits_for_what_its_look_needs() -> None:
    """It is judged when the source answers again, as if nothing had been."""
    frames = stories.one_writer().frames()
    source = ClusterSource(frames, fails=failing(DETAIL_TRIES - 1, SourceError("busy", retriable=True)))
    walk = walk_of(source, stories.FIRST, narrow=True)
    found, failures = advanced(walk, frames.grid.start + stories.LATER * STEP)
    assert failures == DETAIL_TRIES - 1
    findings = [finding for each in found for finding in each.findings]
    assert findings == judged(ClusterSource(frames), stories.FIRST, stories.LATER, narrow=False)


@pytest.mark.parametrize("retriable", [True, False])
def test_look_without_what_it_needs_accuses_nobody(*, retriable: bool) -> None:
    """What never comes is done without: the step says that it is blind, and the verdict does not guess."""
    frames = stories.one_writer().frames()
    failure = SourceError("too much to ask", retriable=retriable)
    source = ClusterSource(frames, fails=lambda grid: failure if grid.count > 1 else None)
    walk = walk_of(source, stories.FIRST, narrow=True, chunk_steps=1)
    found, failures = advanced(walk, frames.grid.start + (stories.ONSET + 6) * STEP)
    assert (failures > 0) is retriable
    findings = [finding for each in found for finding in each.findings]
    assert findings
    assert not any(suspect.accused for finding in findings for suspect in finding.suspects)
    assert {finding.verdict for finding in findings} <= {Verdict.UNDETERMINED, Verdict.OTHER}
    assert "pod_reads" in {spot.signal for spot in found[-1].snapshot.blind_spots}
