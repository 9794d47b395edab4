"""What is recorded of a look is what the look saw."""

from tests.accuracy.lab import lab_case
from tests.accuracy.moments import judged_span
from tests.accuracy.ours import run
from tests.accuracy.results import UNATTRIBUTED


def test_records_hold_the_confidences_and_shares_of_the_findings() -> None:
    """For each finding, look by look, each suspect has a record with the same figures."""
    case = lab_case("writer_and_bystander")
    done = run(case, judged_span(case, 1), 1)
    (findings,) = done.findings.values()
    said = {
        (finding.at.timestamp(), f"{each.namespace}/{each.pod}" if each.pod else UNATTRIBUTED): (
            each.confidence,
            each.share_ratio,
        )
        for finding in findings
        for each in finding.suspects
    }
    recorded = {
        (record["at"], record["suspect"]): (
            round(float(str(record["suspicion.confidence"])), 4),
            round(float(str(record["suspicion.contribution.share"])), 4),
        )
        for record in done.records
    }
    assert len(said) > 5
    assert recorded == said
