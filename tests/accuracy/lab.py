"""The lab's recordings as cases: real devices, real counters, the same judges."""

import json
from collections.abc import Mapping
from typing import Any

from correlator.sources.recording import read_recording
from tests.accuracy.results import UNATTRIBUTED
from tests.scenarios.cases import FIXTURES, truth_of
from tests.simulator.case import Case, Family, Rows, Telemetry, VictimTruth


def lab_case(name: str) -> Case:
    """A recording with its truth. Who else was affected when is not known there, beyond the first late first token."""
    content: dict[str, Any] = json.loads((FIXTURES / name / "truth.json").read_text())
    truth = truth_of(name)
    telemetry = telemetry_of(name)
    happens = truth.first_affected is not None or truth.verdict is not None
    shares = {f"{each['namespace']}/{each['pod']}": each["device_time_share"] for each in _pods(content)}
    victims = tuple(
        VictimTruth(
            namespace=each["namespace"],
            pod=each["pod"],
            model_name=_model_name(telemetry, each["namespace"], each["pod"]),
            node=content["node"],
            device=content["volume"]["device"],
            verdict=truth.verdict,  # type: ignore[arg-type]  # the lab's words are the simulator's
            culprits=truth.culprits,
            shares={**shares, UNATTRIBUTED: content["unattributed_device_time_share"]},
            event_start_at=truth.event_start if happens else None,
            event_end_at=truth.event_end if happens else None,
            first_affected_at=truth.first_affected,
            twentieth_affected_at=None,
            p95_ratio=content["ttft"]["p95_ratio"],
            mean_ratio=content["ttft"]["event_mean_seconds"] / content["ttft"]["quiet_mean_seconds"],
        )
        for each in content["victims"]
    )
    family: Family = "contention" if truth.verdict == "contention" else "hard_null" if truth.verdict else "quiet"
    return Case(
        kind=f"lab:{name}",
        family=family,
        seed=content["seed"],
        telemetry=telemetry,
        victims=victims,
        is_validated=truth.validated,
    )


def telemetry_of(name: str) -> Telemetry:
    """A recording's frames as the simulator would hold them."""
    frames = read_recording(FIXTURES / name / "recording.zip").frames
    return Telemetry(
        start=frames.grid.start,
        step=frames.grid.step,
        count=frames.grid.count,
        signals={
            signal: Rows(tuple(dict(labels) for labels in frame.labels), frame.values)
            for signal, frame in frames.by_signal.items()
        },
        intervals=frames.intervals,
    )


def _pods(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*content["victims"], *content["culprits"], *content["innocents"]]


def _model_name(telemetry: Telemetry, namespace: str, pod: str) -> str:
    """The model that the pod serves, as its exporter tells."""
    labels = telemetry.signals["ttft_count"].labels
    named = (each for each in labels if (each.get("namespace"), each.get("pod")) == (namespace, pod))
    return next((each.get("model_name", "") for each in named), "")
