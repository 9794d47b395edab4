"""How a victim depends on a volume, by which of its own operations its symptom waits for."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from correlator.analysis.links import Exposure, VolumeChange, exposure, volume_change
from correlator.analysis.victims import Victim
from correlator.analysis.volumes import DeviceUse, PodLoad
from correlator.analysis.windows import Spans
from correlator.model.frame import Floats
from correlator.model.symptom import Dependence
from correlator.model.topology import Volume

Exposing: TypeAlias = Callable[[Victim, PodLoad | None, Floats, VolumeChange, Spans, float], Exposure]


Changing: TypeAlias = Callable[[Volume, DeviceUse, Spans, tuple[str, ...]], VolumeChange]

TURNED = [1, 0, 3, 2]
"""The four rates of a load with reads and writes changed over."""


def exposure_by(dependence: Dependence) -> Exposing:
    """`links.exposure` for a symptom that waits for reads, for writes, or for whichever it feels more."""
    return {Dependence.READS: exposure, Dependence.WRITES: _by_writes, Dependence.BOTH: _by_either}[dependence]


def change_by(dependence: Dependence) -> Changing:
    """`links.volume_change` for a symptom: whether the volume got worse is told by the operations that it waits for."""
    return {Dependence.READS: volume_change, Dependence.WRITES: _for_writes, Dependence.BOTH: _for_either}[dependence]


def _for_writes(volume: Volume, use: DeviceUse, spans: Spans, errors: tuple[str, ...] = ()) -> VolumeChange:
    """As for reads, with the sides of the volume's load and latency changed over."""
    turned = replace(
        use,
        load=np.ascontiguousarray(use.load[TURNED]),
        read_latency=use.write_latency,
        write_latency=use.read_latency,
        read_time=use.write_time,
        write_time=use.read_time,
    )
    worse = volume_change(volume, turned, spans, errors).got_worse
    return replace(volume_change(volume, use, spans, errors), got_worse=worse)


def _for_either(volume: Volume, use: DeviceUse, spans: Spans, errors: tuple[str, ...] = ()) -> VolumeChange:
    found = [each(volume, use, spans, errors) for each in (volume_change, _for_writes)]
    return max(found, key=lambda one: one.got_worse)


def _by_writes(
    victim: Victim, own: PodLoad | None, pressure: Floats, worse: VolumeChange, spans: Spans, excess: float
) -> Exposure:
    """As for reads, with the sides of its own I/O and of the volume's latency changed over."""
    turned = None if own is None else replace(own, load=np.ascontiguousarray(own.load[TURNED]))
    writes = replace(worse, read_latency=worse.write_latency, write_latency=worse.read_latency)
    return exposure(victim, turned, pressure, writes, spans, excess)


def _by_either(
    victim: Victim, own: PodLoad | None, pressure: Floats, worse: VolumeChange, spans: Spans, excess: float
) -> Exposure:
    found = [each(victim, own, pressure, worse, spans, excess) for each in (exposure, _by_writes)]
    return max(found, key=lambda one: -1.0 if one.probability is None else one.probability)
