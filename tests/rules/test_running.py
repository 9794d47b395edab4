"""A real Prometheus with the rules on recorded contention: the first notification already says who did it."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.dashboards.running import CLUSTER, RECORDING, ask
from tests.rules.files import RECORDED
from tests.rules.running import Alerted, alerted, recorded, until
from tests.rules.test_alerts import QUERIES

TRUTH = RECORDING.with_name("truth.json")
CULPRITS = {(one["namespace"], one["pod"]) for one in orjson.loads(TRUTH.read_bytes())["culprits"]}
_ACCUSED = re.compile(r"Accused: (.+?)\)\.")
_POD = re.compile(r"([\w-]+/[\w-]+) \(Job/")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alerted]:
    """Daemon, Prometheus, Alertmanager and a receiver, which was told of the contention."""
    with alerted(tmp_path_factory.mktemp("alerted")) as running:
        yield running


def answered(url: str, query: str) -> list[dict[str, Any]]:
    """The series that a query finds now."""
    found: list[dict[str, Any]] = ask(url, "query", query=query)["result"]
    return found


def first_told(told: Alerted, name: str) -> dict[str, Any]:
    """The first alert of a name that reached the receiver."""
    return next(one for body in told.notified for one in body["alerts"] if one["labels"]["alertname"] == name)


@pytest.mark.parametrize("name", ["CorrelatorContention", "CorrelatorTTFTRegression"])
def test_first_notification_names_the_culprits(told: Alerted, name: str) -> None:
    """Cause and symptom, without waiting for an update."""
    first = first_told(told, name)
    assert first["status"] == "firing"
    accused = _ACCUSED.search(first["annotations"]["description"])
    assert accused
    assert {tuple(pod.split("/")) for pod in _POD.findall(accused[1])} == CULPRITS


def test_one_alert_for_the_episode_with_labels_of_no_scrape(told: Alerted) -> None:
    """What identifies it is the volume, and neither the daemon's address nor a victim."""
    (alert,) = told.firing("CorrelatorContention")
    assert alert["labels"] == {
        "alertname": "CorrelatorContention",
        "cluster": CLUSTER,
        "volume": "worker-gpu-12/loop0",
        "severity": "warning",
        "component": "correlator",
    }
    assert told.firing("CorrelatorScrapedWithoutHonorLabels") == []


def test_a_real_prometheus_takes_every_query(told: Alerted) -> None:
    """Expressions and what annotations ask for, with some text for each argument."""
    answers = [told.running.ask("prometheus", "query", query=query.expr) for query in QUERIES]
    assert {answer["resultType"] for answer in answers} <= {"vector", "scalar"}


def test_every_recorded_series_comes_of_what_exporters_export(tmp_path: Path) -> None:
    """From series of node_exporter, cAdvisor and vLLM; the two that wrote stand first in what they wrote."""
    with recorded(tmp_path) as url:
        for name in {rule.name for rule in RECORDED}:
            until(partial(answered, url, name))
        written = answered(url, "sort_desc(pod_device:container_fs_writes_bytes:rate2m)")
    assert {(one["metric"]["namespace"], one["metric"]["pod"]) for one in written[:2]} == CULPRITS
