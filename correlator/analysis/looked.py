"""At whom a step took a closer look: whose volumes it read, and whose neighbours on them.

Of everybody else a step reads their own first tokens, load and pressure, and whether Kubernetes lists them. So it is
enough to know these of all victims, and the rest of those that are named here.
"""

from collections.abc import Iterable

import numpy as np

from correlator.analysis.absence import ABSENT_STEPS, LONGEST_STEPS
from correlator.analysis.course import Course
from correlator.analysis.look import Window
from correlator.analysis.rates import Bools
from correlator.analysis.rows import by_pod
from correlator.model.topology import PodRef


def looked_at(window: Window, courses: Iterable[Course]) -> set[PodRef]:
    """Victims with an open regression, those that seemed worse, and those whose series are gone for a while."""
    known = {PodRef(one.namespace, one.pod) for one in window.memory.open}
    return known | {course.looked for course in courses if course.looked} | _absent(window)


def _absent(window: Window) -> set[PodRef]:
    """Whoever may be absent in the sense of `absence`, before anything but its own series is asked."""
    done = np.isfinite(window.seen.first_tokens)
    recent: Bools = done[:, max(0, done.shape[1] - LONGEST_STEPS - 1) :]
    gone = ~recent[:, -ABSENT_STEPS:].any(axis=1) & recent.any(axis=1)
    info = window.frames.get("pod_info")
    listed = np.isfinite(info.values[:, -1]) if info.labels else np.empty(0, dtype=np.bool_)
    refs = (window.victims.keys[row].ref for row in np.flatnonzero(gone).tolist())
    return {ref for ref in refs if listed[by_pod(info.labels).rows(ref)].any()}
