"""What a cycle without a series means: the same as a scrape without it, to a real Prometheus."""

import json
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np

from correlator.model.series import SeriesMatrix
from tests.integration.two_apis import TwoApis
from tests.loopback import served_by
from tests.servers import prometheus

SHOWN = (
    {"steady": 1, "gone": 5, "late": None, "blinking": 3},
    {"steady": 2, "gone": 6, "late": None, "blinking": None},
)
AFTERWARDS = ({"steady": 3, "late": 9, "blinking": 4}, {"steady": 4, "late": 8, "blinking": None})
SCRAPES = 10
WAIT_SECONDS = 30.0


def _exposition(scrape: int) -> str:
    phase = SHOWN if scrape < SCRAPES // 2 else AFTERWARDS
    values: dict[str, int | None] = dict(phase[scrape % 2])
    return "".join(f'kept{{which="{name}"}} {value}\n' for name, value in values.items() if value is not None)


class Exporter(BaseHTTPRequestHandler):
    """Shows other series from scrape to scrape."""

    scrapes = 0

    def do_GET(self) -> None:
        """One scrape."""
        body = _exposition(Exporter.scrapes).encode()
        Exporter.scrapes += 1
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _scraped(url: str) -> SeriesMatrix:
    """All readings of the target as its series were kept: all of a scrape have its time."""
    form = urllib.parse.urlencode({"query": '{job="kept",__name__=~"kept|up"}[5m]'})
    with urllib.request.urlopen(f"{url}/api/v1/query?{form}", timeout=60) as answer:  # noqa: S310 - a loopback URL
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    times = sorted({round(at * 1000) for each in found for at, _ in each["values"]})
    values = np.full((len(found), len(times)), np.nan)
    for row, each in enumerate(found):
        for at, value in each["values"]:
            values[row, times.index(round(at * 1000))] = float(value)
    return SeriesMatrix([each["metric"] for each in found], np.array(times), values)


def test_a_series_ends_where_it_is_not_exported(tmp_path: Path) -> None:
    """At every quarter of an interval the same series are shown, though all were seen less than five minutes ago."""
    Exporter.scrapes = 0
    with served_by(Exporter) as address:
        config = (
            "global: {scrape_interval: 400ms, scrape_timeout: 400ms}\n"
            f"scrape_configs: [{{job_name: kept, static_configs: [{{targets: ['{address}']}}]}}]\n"
        )
        with prometheus(tmp_path, config=config) as url:
            until = time.monotonic() + WAIT_SECONDS
            while Exporter.scrapes < SCRAPES:
                assert time.monotonic() < until, "nobody scrapes"
                time.sleep(0.05)
            matrix = _scraped(url)
            apis, first, last = TwoApis(url, matrix), int(matrix.times[0]), int(matrix.times[-1])
            assert np.isnan(matrix.values).any(axis=1).sum() >= 3  # a scrape may fail besides
            for query in (
                "kept",
                "sum(kept)",
                "kept offset 1s",
                "count_over_time(kept[1s])",
                "up unless on() kept == 9",
            ):
                asked = {"query": query, "start": f"{first / 1000 - 1}", "end": f"{last / 1000}", "step": "0.1"}
                (status, real), ours = apis.both("query_range", asked)
                assert status == 200
                assert real["data"]["result"]
                assert ours == (200, real), query
