"""A cluster in a real Prometheus and a real VictoriaMetrics, asked in full only where looks need it."""

from pathlib import Path

import pytest

from correlator.inquiry import Walk
from correlator.model.finding import Finding
from correlator.sources.prometheus import PrometheusSource
from tests.narrowing import STEP, narrow_inquiry, several_nodes
from tests.played import as_openmetrics, played
from tests.servers import SERVERS, holding
from tests.unit.analysis import stories

LATER_SECONDS = -99_999_960
"""VictoriaMetrics takes no samples from the future."""


def judged(source: PrometheusSource, start: int, *, narrow: bool) -> tuple[list[Finding], int]:
    """All findings of the minutes around the onset, and how many series of pods' I/O were held in the end."""
    walk = Walk(narrow_inquiry(source, narrow=narrow), STEP, start + stories.FIRST * STEP)
    found = [finding for each in walk.advance(start + stories.LATER * STEP) for finding in each.findings]
    looked = walk.look()
    assert looked is not None
    return found, len(looked[0].get("pod_reads").labels)


@pytest.mark.parametrize("server", SERVERS)
def test_findings_from_narrowed_queries(server: str, tmp_path: Path) -> None:
    """Each narrowed query is PromQL that the server answers with what it should."""
    frames = several_nodes()
    start = frames.grid.start + LATER_SECONDS
    with holding(as_openmetrics(played(frames, LATER_SECONDS)), server, tmp_path) as source:
        expected, everything = judged(source, start, narrow=False)
        found, held = judged(source, start, narrow=True)
    assert len({finding.victim for finding in expected}) > 3
    assert found == expected
    assert held < everything
