"""A finding in the terminal."""

from dataclasses import replace

from correlator.cli.finding_text import as_text
from tests.factories import make_evidence, make_finding, make_incident


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
