"""What the engine saw at a look, rebuilt from the finding: the case behind the words."""

import numpy as np

from correlator.analysis.case import Case, Scene
from correlator.analysis.judge import judge
from correlator.analysis.level import Level
from correlator.analysis.memory import Memory
from correlator.analysis.parameters import Parameters
from correlator.analysis.quiet import quiet_steps
from correlator.analysis.victims import victims_of
from correlator.analysis.windows import Spans
from correlator.model.finding import Finding
from correlator.model.frame import Frames
from correlator.model.topology import Topology


def case_behind(
    finding: Finding, frames: Frames, topology: Topology, memory: Memory, parameters: Parameters
) -> Case | None:
    """The case that a finding of this step tells of; `memory` is what the step was given.

    None where the window no longer holds the onset, and the finding repeats what was said before.
    """
    grid = frames.grid
    onset = grid.index(finding.started_at.timestamp()) + 1
    if onset <= 0:
        return None
    victims = victims_of(frames)
    names = [(key.ref.namespace, key.ref.pod, key.model_name) for key in victims.keys]
    row = names.index((finding.victim.namespace, finding.victim.pod, finding.victim.model_name))
    victim = victims.one(row)
    end = grid.count if finding.ended_at is None else min(grid.count, grid.index(finding.ended_at.timestamp()))
    seen = np.isfinite(victim.first_tokens)
    spans = Spans.around(onset, end, quiet_steps(victims, memory)[row]).within(seen)
    scene = Scene(
        frames=frames,
        topology=topology,
        victim=victim,
        spans=spans,
        onset=onset,
        before=Level.over(victim, spans.before),
        stalled=finding.ttft.stalled,
    )
    return judge(scene, parameters)
