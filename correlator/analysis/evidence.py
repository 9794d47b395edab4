"""The curves behind a verdict, on one time axis."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from correlator.analysis.case import Case, VolumeCase
from correlator.analysis.distribution import quantiles_by_step
from correlator.model.finding import Evidence, EvidenceSeries
from correlator.model.frame import Floats
from correlator.model.grid import Grid

SUSPECTS_SHOWN = 6
QUIET_STEPS_SHOWN = 60


def instant(at: float) -> datetime:
    """Epoch seconds as an aware datetime."""
    return datetime.fromtimestamp(at, tz=UTC)


def began(onset: int, grid: Grid) -> datetime:
    """When the step of an onset began: what a step counted happened after the step before."""
    return instant(grid.start + (onset - 1) * grid.step)


def evidence_of(case: Case, grid: Grid, ended_at: int | None) -> Evidence:
    """TTFT, the volume and the suspects' device time, from well before the onset to the window's end."""
    series = _ttft(case, grid)
    if case.volume is not None:
        series += _volume(case.volume) + _pods(case, case.volume)
    shown = _shown(case)
    series = [replace(one, values=one.values[shown:]) for one in series]
    return Evidence(
        times=tuple(instant(float(at)) for at in grid.times()[shown:]),
        onset=began(case.onset, grid),
        ended_at=None if ended_at is None else instant(ended_at),
        series=tuple(series),
    )


def _shown(case: Case) -> int:
    """The first step shown: enough quiet before the onset to compare with, and no more."""
    quiet = max(QUIET_STEPS_SHOWN, 2 * int(case.spans.during.sum()))
    seen = np.flatnonzero(np.isfinite(case.victim.first_tokens))
    return max(int(seen[0]) if len(seen) else 0, case.onset - quiet, 0)


def _series(role: str, name: str, label: str, unit: str, values: Floats) -> EvidenceSeries:
    return EvidenceSeries(role=role, name=name, label=label, unit=unit, values=values_of(values))


def values_of(values: Floats) -> tuple[float | None, ...]:
    """An array as plain numbers, None where nothing is known."""
    plain = values.astype(np.object_)
    plain[~np.isfinite(values)] = None
    return tuple(plain.tolist())


def _ttft(case: Case, grid: Grid) -> list[EvidenceSeries]:
    victim = case.victim
    who = str(victim.key.ref)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(victim.first_tokens > 0, victim.ttft_sum / victim.first_tokens, np.nan)
    level = np.ones(grid.count)
    p95 = case.before.statistic("p95", victim.bounds)
    return [
        _series("ttft", "ttft_p95", who, "seconds", quantiles_by_step(victim.counts, victim.bounds, 0.95)),
        _series("ttft", "ttft_mean", who, "seconds", mean),
        _series("ttft_baseline", "ttft_baseline_p95", who, "seconds", level * p95),
        _series("ttft_baseline", "ttft_baseline_mean", who, "seconds", level * case.before.mean),
        _series("requests", "requests_per_second", who, "requests/second", victim.first_tokens / grid.step),
    ]


def _volume(case: VolumeCase) -> list[EvidenceSeries]:
    use, name = case.worse.use, case.worse.volume.name
    return [
        _series("volume", "read_latency", name, "seconds", use.read_latency),
        _series("volume", "write_latency", name, "seconds", use.write_latency),
        _series("volume", "queue_depth", name, "operations", use.queue_depth),
        _series("volume", "utilization", name, "ratio", use.utilization),
    ]


def _pods(case: Case, volume: VolumeCase) -> list[EvidenceSeries]:
    """Device time of the victim, of the suspects that matter most, and of what no pod accounts for."""
    found = []
    own = volume.contributions.of(case.victim.key.ref)
    if own is not None:
        found.append(_series("victim_io", "device_time", str(own.ref), "ratio", own.device_time))
    for suspicion in case.suspicions[:SUSPECTS_SHOWN]:
        if suspicion.ref is not None:
            item = suspicion.contribution
            found.append(_series("suspect", "device_time", str(item.ref), "ratio", item.device_time))
    rest = volume.contributions.of(None)
    if rest is not None:
        found.append(_series("unattributed", "device_time", "unattributed", "ratio", rest.device_time))
    return found
