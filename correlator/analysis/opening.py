"""What is worth an incident beyond slow first tokens, which always are: only what storage is seen to have done."""

from correlator.model.finding import Finding, Verdict

SATURATED_RATIO = 0.8
"""A volume that is busy for less of the time is in nobody's way."""


def by_storage(finding: Finding | None) -> bool:
    """Whether the volume is what made it worse."""
    return finding is not None and finding.verdict in (Verdict.CONTENTION, Verdict.DEGRADED_DEVICE)


def by_another(finding: Finding | None) -> bool:
    """Whether the volume is saturated, and somebody is accused of it."""
    if finding is None or finding.verdict is not Verdict.CONTENTION or finding.use is None:
        return False
    busy = finding.use.utilization_ratio.observed
    return busy is not None and busy >= SATURATED_RATIO and any(suspect.accused for suspect in finding.suspects)
