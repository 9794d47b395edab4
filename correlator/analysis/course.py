"""What became of a regression at one step, and what its opening, following and ending share."""

from dataclasses import dataclass, replace

import numpy as np

from correlator.analysis.dating import dated_by_volume
from correlator.analysis.domains import use_of
from correlator.analysis.level import Level
from correlator.analysis.look import Window
from correlator.analysis.memory import OpenRegression
from correlator.analysis.rates import Bools
from correlator.analysis.regression import THRESHOLDS
from correlator.analysis.season import StandIn
from correlator.model.finding import Finding, Verdict
from correlator.model.frame import Floats
from correlator.model.history import HistoryRequest
from correlator.model.topology import PodRef

BY_STORAGE = (Verdict.CONTENTION, Verdict.DEGRADED_DEVICE, Verdict.OWN_IO)
"""Verdicts after which the volume helps to date the onset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What became of a regression at this step.

    `known` is what was remembered of it, None when it is new; `now` what is to be remembered, None when it ended; a
    finding when one is due; `worse_at` the onset, as an index, of the worse regression that takes its place; `looked`
    at whom a first look was taken, whatever came of it.
    """

    known: OpenRegression | None
    now: OpenRegression | None
    finding: Finding | None = None
    worse_at: int | None = None
    wanted: tuple[HistoryRequest, ...] = ()
    looked: PodRef | None = None


def sharpened(window: Window, row: int, onset: int, finding: Finding, quiet: Bools) -> int:
    """The onset as the volume dates it, where it was the volume; `quiet` are the steps outside other regressions."""
    if finding.verdict not in BY_STORAGE or finding.volume is None:
        return onset
    use = use_of(window.frames, window.topology, finding.volume.id, window.victims.keys[row].ref)
    return dated_by_volume(window.victims.one(row), use, onset, window.quiet[row], quiet)


def without_evidence(finding: Finding) -> Finding:
    """The memory keeps what a finding says, not its curves."""
    return replace(finding, evidence=type(finding.evidence)())


def baseline_of(known: OpenRegression, bounds: Floats) -> Level:
    """The baseline that a regression was detected against, in today's buckets."""
    counts = np.zeros(len(bounds))
    limits = np.append(np.array(known.bounds), np.inf)
    np.add.at(counts, np.minimum(np.searchsorted(bounds, limits), len(bounds) - 1), np.array(known.baseline_counts))
    return Level(counts, known.baseline_mean, float(counts.sum()))


def stand_in_of(known: OpenRegression, bounds: Floats) -> StandIn | None:
    """The baseline from another day that a regression was detected against; None where it was the window's own."""
    return StandIn.among(known.last.reasons, baseline_of(known, bounds))


def can_look(window: Window, known: OpenRegression, row: int | None) -> bool:
    """Whether the window still holds enough of what was before to judge it anew."""
    onset = window.frames.grid.index(known.onset_at)
    return row is not None and int(window.quiet[row, : max(0, onset)].sum()) >= THRESHOLDS.reference_steps
