"""The commands that ask a Prometheus, on a real one whose newest hour had a contention."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Run
from tests.played import as_openmetrics, played
from tests.recorded import CULPRIT, END, ONSET, START, STEP, STEPS, VICTIM, contention
from tests.servers import openmetrics_blocks, prometheus


@pytest.fixture(scope="module")
def shift() -> int:
    """So much later than written the contention happens: its hour ends as these tests begin."""
    return int(time.time() // STEP) * STEP - (START + STEPS * STEP)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, shift: int) -> Iterator[str]:
    """A Prometheus whose newest samples are seconds old."""
    folder = tmp_path_factory.mktemp("prometheus")
    storage = openmetrics_blocks(as_openmetrics(played(contention(), shift)), folder / "storage")
    with prometheus(folder, storage=storage) as address:
        yield address


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus without data."""
    with prometheus(tmp_path_factory.mktemp("empty")) as address:
        yield address


def test_check_tells_what_is_there(run: Run, url: str) -> None:
    """Signals found and missing, victims, volumes, the share of pods on a volume: the main job can run."""
    found = json.loads(run("check", "--prometheus-url", url, "--output", "json").out)
    assert run.code == 0
    assert found["can_run"] is True
    assert found["missing"] == []
    assert found["step_seconds"] == STEP
    assert found["victims"] == [VICTIM]
    assert found["volumes"] == ["n1/sda"]
    assert found["mapped_ratio"] == 1.0
    by_name = {signal["name"]: signal for signal in found["signals"]}
    assert by_name["ttft_bucket"]["found"]
    assert by_name["ttft_bucket"]["interval_seconds"] == STEP
    assert not by_name["disk_flushes"]["found"]
    assert by_name["disk_flushes"]["hint"] == "node_exporter is there and shows none: it may have nothing to show"


def test_check_tells_it_to_people(run: Run, url: str) -> None:
    """The conclusion comes last."""
    out = run("check", "--prometheus-url", url).out
    assert "ttft_bucket (required)" in out
    assert out.splitlines()[-1] == "Slow first tokens can be told, and who caused them."


def test_check_of_an_empty_prometheus_is_bad_news(run: Run, empty: str) -> None:
    """Exit code 1, with the exporters that would provide what is missing."""
    found = json.loads(run("check", "--prometheus-url", empty, "--output", "json").out)
    assert run.code == 1
    assert found["can_run"] is False
    missing = "\n".join(found["missing"])
    assert all(exporter in missing for exporter in ("vLLM", "cAdvisor", "node_exporter", "kube-state-metrics"))
    assert "CANNOT" in run("check", "--prometheus-url", empty).out


def test_backtest_of_an_empty_prometheus_says_so(run: Run, empty: str) -> None:
    """The span is named."""
    assert run("backtest", "--start", "-1h", "--prometheus-url", empty).code == 1
    assert "none of the required signals between" in run.err


def test_top_shows_a_moment(run: Run, url: str, shift: int) -> None:
    """In the middle of the contention: who did it, on which volume, and the victim; at the end of the hour nobody."""
    at = START + (ONSET + 20) * STEP + shift
    seen = json.loads(run("top", "--prometheus-url", url, "--at", at, "--output", "json").out)
    assert run.code == 0
    assert seen["incidents"][0]["culprits"] == [CULPRIT]
    assert seen["victims"][0]["name"] == VICTIM
    assert [pod["name"] for pod in seen["volumes"][0]["pods"] if pod["accused"]] == [CULPRIT]
    newest = json.loads(run("top", "--once", "--prometheus-url", url, "--output", "json").out)
    assert newest["incidents"] == []
    assert 0 <= newest["age_seconds"] < 600


def test_top_of_an_empty_prometheus_says_so(run: Run, empty: str) -> None:
    """Exit code 1, before any screen is drawn."""
    assert run("top", "--once", "--prometheus-url", empty).code == 1
    assert "none of the required signals" in run.err


def test_backtest_looks_back_from_now(run: Run, url: str) -> None:
    """Relative times are enough."""
    (incident,) = json.loads(run("backtest", "--start", "-40m", "--prometheus-url", url, "--output", "json").out)
    assert [f"{each['namespace']}/{each['pod']}" for each in incident["suspects"] if each["accused"]] == [CULPRIT]


def test_recorded_period_is_judged_like_prometheus(run: Run, url: str, shift: int, tmp_path: Path) -> None:
    """What `record` saves, `backtest --recording` judges as `backtest` judged Prometheus."""
    file = tmp_path / "hour.zip"
    start, end = START + shift, START + shift + (END + 15) * STEP
    run("record", "--start", start, "--end", end, "-o", file, "--prometheus-url", url)
    assert run.code == 0
    assert run.out == ""
    assert str(file) in run.err
    span = ("--start", start + 100 * STEP, "--end", end, "--output", "json")
    recorded = run("backtest", "--recording", file, *span).out
    assert recorded == run("backtest", "--prometheus-url", url, *span).out
    assert json.loads(recorded)
