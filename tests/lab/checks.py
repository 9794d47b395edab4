"""Whether a run showed what its scenario claims; a run that did not is no case, whatever was started in it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.lab.blame import Blame
from tests.lab.impact import Phase
from tests.lab.pods import Pod
from tests.lab.spec import SHARED, Claim, Scenario

CULPRIT_SHARE = 0.10
UNATTRIBUTED_SHARE = 0.8
MOVED_RATIO, KEPT_RATIO = 1.3, 1.15
# Of the rise of mean TTFT, at most this part may be reads where a scenario says that storage kept its pace.
KEPT_STORAGE_PART = 0.15
LOAD_RATIO = 1.25
BUSY_RATIO = 0.9
FROZEN_SECONDS = 10.0


@dataclass(frozen=True)
class Check:
    """One measured value against its limits."""

    name: str
    value: float
    at_least: float = -math.inf
    at_most: float = math.inf

    @property
    def passed(self) -> bool:
        """Whether the value lies within (NaN does not)."""
        return self.at_least <= self.value <= self.at_most

    def as_json(self) -> dict[str, Any]:
        """The check without the limits it does not have."""
        finite = {key: value for key, value in asdict(self).items() if key == "name" or math.isfinite(value)}
        return {**finite, "passed": self.passed}


@dataclass(frozen=True)
class Measured:
    """What the claims of a scenario are checked against."""

    quiet: Phase
    event: Phase
    longest_gap_seconds: float
    other_volume_busy_ratio: float


def claim_check(claim: Claim, measured: Measured) -> Check:
    """The check of one claim."""
    quiet, event = measured.quiet, measured.event
    p95_ratio = event.ttft_quantile(0.95) / quiet.ttft_quantile(0.95)
    checks: dict[Claim, Check] = {
        "ttft_moved": Check("TTFT p95, event over quiet", p95_ratio, at_least=MOVED_RATIO),
        "ttft_kept": Check("TTFT p95, event over quiet", p95_ratio, at_most=KEPT_RATIO),
        "storage_moved": Check(
            "seconds per page read, event over quiet",
            event.seconds_per_page() / quiet.seconds_per_page(),
            at_least=MOVED_RATIO,
        ),
        "storage_kept": Check(
            "part of the TTFT rise that is reads",
            (event.mean_read_seconds() - quiet.mean_read_seconds()) / (event.mean_ttft() - quiet.mean_ttft()),
            at_most=KEPT_STORAGE_PART,
        ),
        "load_rose": Check(
            "arrivals per second, event over quiet",
            event.arrivals_per_second / quiet.arrivals_per_second,
            at_least=LOAD_RATIO,
        ),
        "other_volume_busy": Check(
            "utilization of the other volume", measured.other_volume_busy_ratio, at_least=BUSY_RATIO
        ),
        "froze": Check(
            "longest time without a first token, seconds", measured.longest_gap_seconds, at_least=FROZEN_SECONDS
        ),
    }
    return checks[claim]


def share_checks(scenario: Scenario, pods: Sequence[Pod], blame: Blame) -> list[Check]:
    """That each culprit carries a culprit's share and no innocent on the volume does."""
    checks = []
    for pod in pods:
        if pod.spec.volume != SHARED:
            continue
        key = pod.identity.key
        if pod.spec.role == "culprit":
            checks.append(Check(f"share of culprit {key}", blame.pods[key], at_least=CULPRIT_SHARE))
        elif pod.spec.role == "innocent" and scenario.verdict == "contention":
            checks.append(Check(f"share of innocent {key}", blame.pods[key], at_most=CULPRIT_SHARE))
        elif pod.spec.role == "unaccounted":
            checks.append(Check("unattributed share", blame.unattributed, at_least=UNATTRIBUTED_SHARE))
    return checks
