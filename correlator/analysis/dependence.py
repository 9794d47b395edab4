"""How a victim depends on a volume, by which of its own operations its symptom waits for."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from correlator.analysis.links import Exposure, VolumeChange, exposure
from correlator.analysis.victims import Victim
from correlator.analysis.volumes import PodLoad
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats
from correlator.model.symptom import Dependence

Exposing: TypeAlias = Callable[[Victim, PodLoad | None, Floats, VolumeChange, Spans, float], Exposure]


def exposure_by(dependence: Dependence) -> Exposing:
    """`links.exposure` for a symptom that waits for reads, for writes, or for whichever it feels more."""
    return {Dependence.READS: exposure, Dependence.WRITES: _by_writes, Dependence.BOTH: _by_either}[dependence]


def _by_writes(
    victim: Victim, own: PodLoad | None, pressure: Floats, worse: VolumeChange, spans: Spans, excess: float
) -> Exposure:
    """As for reads, with the sides of its own I/O and of the volume's latency changed over."""
    turned = None if own is None else replace(own, load=np.ascontiguousarray(own.load[[1, 0, 3, 2]]))
    writes = replace(worse, read_latency=worse.write_latency, write_latency=worse.read_latency)
    return exposure(victim, turned, pressure, writes, spans, excess)


def _by_either(
    victim: Victim, own: PodLoad | None, pressure: Floats, worse: VolumeChange, spans: Spans, excess: float
) -> Exposure:
    found = [each(victim, own, pressure, worse, spans, excess) for each in (exposure, _by_writes)]
    return max(found, key=lambda one: -1.0 if one.probability is None else one.probability)
