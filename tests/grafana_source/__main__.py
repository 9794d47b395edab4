"""Install Grafana's data source from npm (once), let it ask the daemon's API, and compare what it understood."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus

import numpy as np
import uvicorn
from rich.console import Console

from correlator.model.series import SeriesMatrix
from tests.kept import KeptSeries
from tests.lab.servers import free_port
from tests.unit.web.fakes import make_app, make_state

HERE: Final = Path(__file__).parent
WORKSHOP: Final = HERE.parents[1] / ".venv" / "grafana"
SETTINGS: Final[tuple[Mapping[str, Any], ...]] = (
    {"httpMethod": "POST", "prometheusType": "Prometheus", "prometheusVersion": "2.50.0"},
    {"httpMethod": "GET"},
    {"httpMethod": "POST", "seriesEndpoint": True},
)
LABELS: Final = [{"__name__": "kept", "namespace": f"n{number}", "pod": pod} for number, pod in enumerate("ab", 1)]
PODS: Final = ["a", "b"]
EXPECTED: Final[Mapping[str, Any]] = {
    "exemplars are possible": True,
    "the editor starts": True,
    "metrics": ["kept"],
    "values of a label": PODS,
    "label_values(kept, pod)": PODS,
    "label_values(pod)": PODS,
    "label_names(kept)": ["namespace", "pod"],
    "metrics(ke.*)": ["kept"],
    'kept{pod="a"}': ['kept{namespace="n1",pod="a"}'],
    "values for a filter": ["a"],
}


def install() -> None:
    """Everything that is asked with, unless it is there; the scripts anew."""
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    package = (HERE / "package.json").read_text()
    done = WORKSHOP / "installed"
    for script in (*HERE.glob("*.mjs"), *HERE.glob("*.cjs"), HERE / "package.json"):
        shutil.copy(script, WORKSHOP)
    if not done.exists() or done.read_text() != package:
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"]
        subprocess.run(command, cwd=WORKSHOP, check=True, stdout=sys.stderr)
        done.write_text(package)
    subprocess.run(["node", "build.mjs"], cwd=WORKSHOP, check=True)


@contextmanager
def serving(now_ms: int) -> Iterator[str]:
    """The API over two series of the last two hours; yields its address."""
    times = np.arange(now_ms - 7_200_000, now_ms + 1, 15_000)
    series = KeptSeries(SeriesMatrix(LABELS, times, np.ones((len(LABELS), len(times)))))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(make_app(make_state(series=series)), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}/prometheus"
    server.should_exit = True
    thread.join()


def main() -> None:
    """Ask in every way that a data source can be set up; exit 1 where something is understood wrongly."""
    install()
    now_ms = int(time.time()) * 1000
    with serving(now_ms) as address:
        given = {**os.environ, "BASE": address, "NOW_MS": str(now_ms), "SETTINGS": json.dumps(SETTINGS)}
        asked = subprocess.run(["node", "main.mjs"], cwd=WORKSHOP, env=given, check=True, stdout=subprocess.PIPE)
    found = [json.loads(line) for line in asked.stdout.splitlines()]
    wrong = [each for each in found if not is_right(each)]
    console = Console(width=160, highlight=False)
    for each in found:
        verdict = "wrong" if each in wrong else "right"
        console.print(f"{verdict}: {each['question']} {each['settings']}", markup=False)
        for method, path, body, status in each["requests"]:
            console.print(f"    {status} {method} {unquote_plus(f'{path} {body}')}", markup=False)
        if each in wrong:
            console.print(f"    {each['result']}", markup=False)
    console.print(f"{len(found) - len(wrong)} passed, {len(wrong)} failed")
    sys.exit(bool(wrong) or len(found) < len(SETTINGS) * len(EXPECTED))


def is_right(found: Mapping[str, Any]) -> bool:
    """Whether every request was answered, and Grafana made of the answers what it should."""
    if any(status != 200 for *_, status in found["requests"]) or str(found["result"]).startswith("failed"):
        return False
    match found["question"]:
        case "kinds of metrics":
            return set(found["result"]) == {"gauge", "counter"}
        case "names of labels":
            return {"namespace", "pod"} <= set(found["result"])
        case "query_result(sum(kept))":
            return str(found["result"][0]).startswith("{} 2 ")
        case question:
            return bool(found["result"] == EXPECTED[question])


if __name__ == "__main__":
    main()
