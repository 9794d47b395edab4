"""What is worth an incident beyond slow first tokens, which always are: only what storage is seen to have done."""

from correlator.model.finding import Finding, Verdict

SATURATED_RATIO, SATURATED_DEPTH = 0.8, 4.0
"""A volume is saturated when it is busy for this part of the time, or when so many operations are inside on average."""


def by_storage(finding: Finding | None) -> bool:
    """Whether the volume is what made it worse."""
    return finding is not None and finding.verdict in (Verdict.CONTENTION, Verdict.DEGRADED_DEVICE)


def by_another(finding: Finding | None) -> bool:
    """Whether the volume is saturated, and somebody is accused of it."""
    if finding is None or finding.verdict is not Verdict.CONTENTION or finding.use is None:
        return False
    busy, depth = finding.use.utilization_ratio.observed or 0.0, finding.use.queue_depth.observed or 0.0
    saturated = busy >= SATURATED_RATIO or depth >= SATURATED_DEPTH
    return saturated and any(suspect.accused for suspect in finding.suspects)
