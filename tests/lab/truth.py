"""truth.json: what really happened in a run."""

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from tests.lab.blame import Blame, Turns, split_blame
from tests.lab.checks import Measured, claim_check, share_checks
from tests.lab.devices import Device
from tests.lab.identities import CLUSTER, Node
from tests.lab.impact import Instants, Phase, first_affected, longest_gap, phases_of
from tests.lab.inference import RequestRecord
from tests.lab.observation import busy_ratio
from tests.lab.pods import Pod
from tests.lab.prices import DevicePrices
from tests.lab.spec import SHARED, Scenario

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Setting:
    """How a run was made."""

    seed: int
    scrape_seconds: float
    scale: float


@dataclass(frozen=True)
class Evidence:
    """All that the truth is computed from."""

    scenario: Scenario
    setting: Setting
    node: Node
    pods: Sequence[Pod]
    devices: Sequence[Device]
    prices: DevicePrices
    turns: Turns
    end: float
    requests: Sequence[RequestRecord]

    @property
    def instants(self) -> Instants:
        """The turns' instants."""
        return Instants(self.turns.start.at, self.turns.event_start.at, self.turns.event_end.at, self.end)


def truth_of(evidence: Evidence) -> dict[str, Any]:
    """The contents of truth.json; see the README beside this module for the fields."""
    scenario, instants = evidence.scenario, evidence.instants
    quiet, event = phases_of(evidence.requests, instants)
    gap = longest_gap(evidence.requests, instants)
    blame = split_blame(evidence.turns, evidence.pods, evidence.devices[SHARED], evidence.prices)
    measured = Measured(quiet, event, gap, _other_volume_busy(evidence))
    checks = [claim_check(claim, measured) for claim in scenario.claims]
    checks += share_checks(scenario, evidence.pods, blame)
    affected_at = first_affected(evidence.requests, quiet, instants) if scenario.verdict else None
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": scenario.name,
        "summary": scenario.summary,
        "is_incident_expected": scenario.verdict is not None,
        "expected_verdict": scenario.verdict,
        "impact_validated": all(check.passed for check in checks),
        **_places(evidence),
        **_parties(evidence, blame),
        "start_at": _text(instants.start),
        "event_start_at": _text(instants.event_start),
        "first_affected_at": _text(affected_at),
        "event_end_at": _text(instants.event_end),
        "end_at": _text(instants.end),
        "ttft": {**_ttft(quiet, event), "longest_gap_seconds": gap},
        "checks": [check.as_json() for check in checks],
        "device_prices": asdict(evidence.prices),
        "scrape_interval_seconds": evidence.setting.scrape_seconds,
        "scale": evidence.setting.scale,
        "seed": evidence.setting.seed,
        "kernel": platform.release(),
        "date": datetime.fromtimestamp(instants.start, UTC).date().isoformat(),
    }


def _places(evidence: Evidence) -> dict[str, Any]:
    volume, *others = evidence.devices
    return {
        "cluster": CLUSTER,
        "node": evidence.node.name,
        "volume": {"device": volume.name, "number": volume.number, "mountpoint": str(volume.mountpoint)},
        "other_volumes": [
            {"device": device.name, "number": device.number, "mountpoint": str(device.mountpoint)} for device in others
        ],
    }


def _parties(evidence: Evidence, blame: Blame) -> dict[str, Any]:
    victim = next(pod for pod in evidence.pods if pod.spec.role == "victim")
    return {
        "victims": [_pod(victim, blame)],
        "culprits": [_pod(pod, blame) for pod in evidence.pods if pod.spec.role == "culprit"],
        "culprits_are_visible": not evidence.scenario.loses_cadvisor,
        "innocents": [_pod(pod, blame) for pod in evidence.pods if pod.spec.role == "innocent"],
        "unattributed_device_time_share": blame.unattributed,
    }


def _pod(pod: Pod, blame: Blame) -> dict[str, Any]:
    identity = pod.identity
    return {
        "namespace": identity.namespace,
        "pod": identity.pod,
        "workload": f"{identity.owner_kind}/{identity.owner_name}",
        "device": pod.device.name,
        "device_time_share": blame.pods.get(identity.key, 0.0),
    }


def _ttft(quiet: Phase, event: Phase) -> dict[str, float]:
    return {
        "quiet_p50_seconds": quiet.ttft_quantile(0.5),
        "quiet_p95_seconds": quiet.ttft_quantile(0.95),
        "event_p50_seconds": event.ttft_quantile(0.5),
        "event_p95_seconds": event.ttft_quantile(0.95),
        "p95_ratio": event.ttft_quantile(0.95) / quiet.ttft_quantile(0.95),
        "quiet_mean_seconds": quiet.mean_ttft(),
        "event_mean_seconds": event.mean_ttft(),
        "quiet_mean_read_seconds": quiet.mean_read_seconds(),
        "event_mean_read_seconds": event.mean_read_seconds(),
        "quiet_requests": len(quiet.requests),
        "event_requests": len(event.requests),
    }


def _other_volume_busy(evidence: Evidence) -> float:
    """Utilization in the event of the busiest volume that the victim does not use; 0 without one."""
    turns = evidence.turns
    return max((busy_ratio(turns.event_start, turns.event_end, device) for device in evidence.devices[1:]), default=0.0)


def _text(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
