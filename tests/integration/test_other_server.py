"""A contention whose victim is no vLLM: the same incident, though the server speaks in milliseconds and other names."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from correlator.cli.backtest import incidents_of
from correlator.model.finding import Verdict
from correlator.sources.prometheus import PrometheusSource
from tests.integration.asking import inquiry
from tests.played import Played, as_openmetrics, played
from tests.recorded import START, STEP, STEPS, contention
from tests.servers import openmetrics_blocks, prometheus

TTFT = "vllm:time_to_first_token_seconds"
TRITON = "nv_inference_first_response_histogram_ms"


def as_triton(series: Iterator[Played]) -> Iterator[Played]:
    """The victim as Triton would have told it: nothing of its load but first tokens."""
    for each in series:
        if not each.metric.startswith("vllm:"):
            yield each
        elif each.metric.startswith(TTFT):
            suffix = each.metric.removeprefix(TTFT)
            labels = {**each.labels, "model": each.labels["model_name"], "version": "1"}
            labels = {name: value for name, value in labels.items() if name not in {"model_name", "engine"}}
            if labels.get("le", "+Inf") != "+Inf":
                labels["le"] = f"{1000 * float(labels['le']):g}"
            values = [1000 * value for value in each.values] if suffix == "_sum" else each.values
            yield replace(each, metric=TRITON + suffix, labels=labels, values=values)


def test_a_victim_behind_triton_gets_its_incident(tmp_path: Path) -> None:
    """The job is accused, and first tokens are told in seconds."""
    storage = openmetrics_blocks(as_openmetrics(as_triton(played(contention()))), tmp_path / "storage")
    with prometheus(tmp_path, storage=storage) as url:
        source = PrometheusSource(url)
        (incident,) = incidents_of(inquiry(source).steps(START, START + (STEPS - 1) * STEP), "")
        source.close()
    assert incident.verdict is Verdict.CONTENTION
    assert [suspect.pod for suspect in incident.suspects if suspect.accused] == ["reindex-1"]
    assert incident.victim.model_name == "llama"
    assert incident.ttft.baseline_seconds == pytest.approx(0.05, rel=0.2)
