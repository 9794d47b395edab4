"""A finding in the terminal."""

from dataclasses import replace

from correlator.cli.finding_text import as_text
from tests.factories import make_evidence, make_finding, make_incident, make_reasoned_evidence


def test_all_that_convinces_is_there() -> None:
    """Verdict, effect, volume, suspects, curves with the onset, advice."""
    finding = make_finding(evidence=make_evidence())
    text = as_text(finding)
    suspect = finding.suspects[0]
    for part in (
        f"{finding.victim.namespace}/{finding.victim.pod}",
        "contention",
        f"{suspect.namespace}/{suspect.pod}",
        "ACCUSED",
        "onset",
        "↑",
        finding.explanation,
        finding.advice[0].command,
    ):
        assert part in text


def test_why_not_the_others_is_told() -> None:
    """Each of those who are not blamed has a line, and what is not listed is counted."""
    lines = as_text(make_finding(evidence=make_reasoned_evidence())).splitlines()
    at = lines.index("why not the others")
    assert lines[at + 1] == "  monitoring/prometheus-0 StatefulSet/prometheus: constant: 2 MB/s before and after"
    assert lines[at + 3] == "  and 108 smaller ones"
    assert "why not the others" not in as_text(make_finding(evidence=make_evidence()))


def test_what_is_not_known_is_left_out_or_marked() -> None:
    """A finding without volume, suspects, evidence and figures is still told."""
    ttft = replace(make_incident().ttft, baseline_seconds=None, observed_seconds=None, stalled=True)
    text = as_text(make_finding(volume=None, use=None, suspects=(), advice=(), ttft=ttft))
    assert "? → ?" in text
    assert "no first tokens at all" in text
    assert "ACCUSED" not in text
    assert "None" not in text


def test_no_line_ends_in_spaces() -> None:
    """It can be pasted into a ticket."""
    text = as_text(make_finding(evidence=make_evidence()))
    assert all(line == line.rstrip() for line in text.splitlines())
