"""A look at one victim's regression in a window: judged, put into words, with what changed about the victim itself."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from correlator.analysis.archive import Archive
from correlator.analysis.case import Scene
from correlator.analysis.explain import CHANGES, SEASONS
from correlator.analysis.history import wanted
from correlator.analysis.judge import judge
from correlator.analysis.level import Level, effect, is_practical
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.analysis.rates import Bools
from correlator.analysis.rollout import changes_around
from correlator.analysis.season import INSTEAD, USUAL, StandIn, hours, season_requests, usual_since
from correlator.analysis.statement import Life, state
from correlator.analysis.stopping import in_silence
from correlator.analysis.symptoms import Totals
from correlator.analysis.victims import VictimKey, Victims
from correlator.analysis.windows import Spans
from correlator.model.finding import Finding
from correlator.model.frame import Frames
from correlator.model.history import History, HistoryRequest
from correlator.model.symptom import TTFT, Symptom
from correlator.model.topology import Topology

WORK_STOPPED = "work_stopped"
"""The named reason where nothing is done any more, and nobody is known to wait."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What all victims of one step share. `told` are the victims before anything is made of their absence.

    `totals` are those of all who have the symptom, None where a histogram tells more.
    """

    frames: Frames
    topology: Topology
    victims: Victims
    memory: Memory
    quiet: Bools
    parameters: Parameters
    history: History
    symptom: Symptom = TTFT
    told: Victims | None = None
    totals: Totals | None = None

    @property
    def seen(self) -> Victims:
        """The victims as they were told of: NaN where they are absent."""
        return self.victims if self.told is None else self.told

    @property
    def at(self) -> int:
        """The step that is judged."""
        return self.frames.grid.last


class Look(NamedTuple):
    """What a look found, and what it would know of the days before to be surer."""

    finding: Finding
    wanted: tuple[HistoryRequest, ...] = ()


def look(window: Window, row: int, onset: int, life: Life, *, stalled: bool, instead: StandIn | None = None) -> Look:
    """Judge one victim's regression from `onset` to its end or to now.

    `instead` is its baseline where the window holds none. The volume's own is then from all quiet steps, whether or not
    the victim was there.
    """
    grid = window.frames.grid
    end = grid.count if life.ended_at is None else min(grid.count, grid.index(life.ended_at))
    victim = window.victims.one(row)
    if life.silent:
        victim = in_silence(victim, window.quiet[row], onset)
    seen = np.isfinite(victim.first_tokens)
    around = Spans.around(onset, end, window.quiet[row])
    spans = around.within(seen)
    if instead:
        spans = replace(spans, before=around.before)
    scene = Scene(
        frames=window.frames,
        topology=window.topology,
        victim=victim,
        spans=spans,
        onset=onset,
        before=instead.level if instead else Level.over(victim, spans.before),
        stalled=stalled,
        archive=Archive(window.history, window.parameters.history_seconds, life.detected_at),
        symptom=window.symptom,
        silent=life.silent,
    )
    case = judge(scene, window.parameters)
    found = state(case, scene, life, window.parameters)
    if life.silent:
        found = replace(found, reasons=(*found.reasons, WORK_STOPPED))
    usual, asked = _season(window, scene, life)
    if usual is not None:
        words = f"First tokens were as slow at this hour {SEASONS[usual]}."
        found = replace(found, reasons=(*found.reasons, USUAL), explanation=f"{found.explanation} {words}")
    if instead is not None:
        words = f"Too little before is normal: its baseline is this hour {SEASONS[instead.day]}."
        found = replace(
            found, reasons=(*found.reasons, INSTEAD[instead.day]), explanation=f"{found.explanation} {words}"
        )
    onset_at = grid.start + onset * grid.step
    return Look(with_changes(window, found, victim.key, onset_at, "It began"), (*wanted(case, scene), *asked))


def _season(window: Window, scene: Scene, life: Life) -> tuple[str | None, tuple[HistoryRequest, ...]]:
    """The day on which this was as slow at the same hour, and what is to be asked first; only where it is slower now.

    A stall is never usual.
    """
    bounds = scene.victim.bounds
    recent = Level.over(scene.victim, scene.spans.during)
    slower = is_practical(effect(scene.before, recent, bounds), window.parameters)
    if scene.stalled or not slower or not window.parameters.history_seconds:
        return None, ()
    asked = season_requests(scene.victim.key, window.topology, life.detected_at, scene.victim.step)
    usual = usual_since(recent, hours(asked, window.history, bounds), bounds, window.parameters)
    return usual, tuple(request for request in asked.values() if request not in window.history)


def with_changes(window: Window, finding: Finding, key: VictimKey, at: float, what: str) -> Finding:
    """The finding with the changes of the victim itself around `at`, of which `what` happened then."""
    found = changes_around(window.frames, window.topology, key, at)
    new = tuple(name for name in found if name not in finding.reasons)
    words = [f"{what} as {CHANGES[name]}." for name in new]
    return replace(finding, reasons=finding.reasons + new, explanation=" ".join([finding.explanation, *words]))
