"""How often in the window itself a suspect was as busy as now for as long, and nobody's first tokens were slow for it.

Days before the window are not asked of the clients of a back end that nodes share: only the window tells what is
usual there. A pod that writes in bursts all the time is in one of them when the back end breaks, too; the bursts
before, which hurt nobody, speak for it. A load that is new has none.
"""

from dataclasses import replace

import numpy as np

from correlator.analysis.occasions import occasions
from correlator.analysis.recurrence import runs
from correlator.analysis.rowwise import at_least, block_means
from correlator.analysis.suspects import Contribution, Contributions
from correlator.analysis.windows import Spans, mean_over
from correlator.model.finding import Recurrence

AS_BUSY = 0.75
"""So much of its rise makes a stretch one like now: of bursts that are alike, half fall short of the one at hand."""


def with_habits(found: Contributions, spans: Spans, step: int) -> Contributions:
    """Contributions with what the window tells of each one that rose; `step` in seconds."""
    return replace(found, items=tuple(_with_habit(item, spans, step) for item in found.items))


def _with_habit(item: Contribution, spans: Spans, step: int) -> Contribution:
    """The item as it is where it was never as busy: the window has nothing to tell then that its rise does not."""
    before, during = mean_over(item.device_time, spans.before), mean_over(item.device_time, spans.during)
    level, length = before + AS_BUSY * (during - before), int(spans.during.sum())
    if item.ref is None or not during > before:
        return item
    rises = runs(at_least(block_means(item.device_time, spans.before, length), level), length)
    if not rises:
        return item
    earlier = [mean_over(item.device_time, run) for run in occasions(spans.earlier)]
    seen = Recurrence(
        seconds=float((np.isfinite(item.device_time) & (spans.before | spans.earlier)).sum() * step),
        rises=len(rises),
        regressions=sum(np.isfinite(earlier).tolist()),
        regressions_with=sum(at_least(np.array(earlier), level).tolist()),
    )
    return replace(item, recurrence=seen)
