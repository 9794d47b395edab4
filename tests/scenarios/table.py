"""The lab's table in the README: what happened, and what the engine said."""

from correlator.model.incident import Incident
from tests.scenarios.cases import Judged, judged, names

HEAD = (
    "| recording | what happened | expected | verdict | first suspect (confidence) | accused wrongly | onset error |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)


def lines() -> list[str]:
    """Markdown, a row for each recording that is kept."""
    return [*HEAD, *(_row(name, judged(name)) for name in names())]


def _row(name: str, case: Judged) -> str:
    truth, incident = case.truth, case.incident
    innocent = sorted(case.accused - set(truth.culprits) - {"unattributed"})
    error = case.onset_error_seconds
    cells = (
        f"[{name}](fixtures/{name})",
        truth.summary,
        truth.verdict or "no incident",
        incident.verdict.value if incident is not None else "no incident",
        _first(incident),
        ", ".join(innocent) or "nobody",
        "" if error is None else f"{error:+.1f} s",
    )
    return f"| {' | '.join(cells)} |"


def _first(incident: Incident | None) -> str:
    if incident is None or not incident.suspects or incident.verdict.value != "contention":
        return ""
    first = incident.suspects[0]
    name = f"{first.namespace}/{first.pod}" if first.pod else str(first.kind)
    return f"{name} ({first.confidence:.2f})"
