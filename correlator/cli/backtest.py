"""`correlator backtest`."""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from correlator.cli.options import ConfigFlag, RecordingFlag, UrlFlag, settings_of, step_of

if TYPE_CHECKING:
    import pandas as pd

    from correlator.analysis.evaluate import Evaluation
    from correlator.model.incident import Incident


class Form(StrEnum):
    """How incidents are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def backtest(
    *,
    start: Annotated[str | None, typer.Option(metavar="T", help="First step: RFC 3339, epoch seconds, -2h.")] = None,
    end: Annotated[str | None, typer.Option(metavar="T", help="Last step.  [default: the newest]")] = None,
    step: Annotated[str | None, typer.Option(metavar="S", help="Distance of steps.  [default: found]")] = None,
    output: Annotated[Form, typer.Option(help="How to print.")] = Form.TABLE,
    recording: RecordingFlag = None,
    config: ConfigFlag = None,
    prometheus_url: UrlFlag = None,
) -> None:
    """Run the engine over the past and print the incidents that it finds."""
    from correlator.analysis.evaluate import evaluate_unwatched
    from correlator.cli.inquiring import open_inquiry, progress_bar, span_of

    settings = settings_of(config, prometheus_url)
    inquiry = open_inquiry(settings, recording, None if step is None else step_of("--step", step))
    inquiry = replace(inquiry, judge=evaluate_unwatched)
    span = span_of(settings, inquiry, recording, start, end)
    with progress_bar("judging") as progress:
        incidents = incidents_of(inquiry.steps(span.start, span.end, progress=progress), settings.cluster)
    typer.echo(rendered(incidents, output), nl=False)


def incidents_of(evaluations: Iterable["Evaluation"], cluster: str) -> list["Incident"]:
    """The incidents of a walk as they are after its last step, in the order of their detection."""
    from correlator.incidents.book import Book, advance

    book = Book(cluster=cluster)
    newest: dict[str, Incident] = {}
    for evaluation in evaluations:
        step = advance(book, evaluation.at, evaluation.findings)
        newest |= {transition.incident.id: transition.incident for transition in step.transitions}
        book = step.book
    return sorted(newest.values(), key=lambda incident: (incident.detected_at, incident.id))


def rendered(incidents: list["Incident"], form: Form) -> str:
    """The incidents as text that ends in a line break."""
    if form is Form.JSON:
        from correlator.web.respond import encode

        return encode(incidents).decode() + "\n"
    table = table_of(incidents)
    if form is Form.CSV:
        return str(table.to_csv(index=False))
    return f"{table.to_string(index=False)}\n" if incidents else "no incidents\n"


def table_of(incidents: list["Incident"]) -> "pd.DataFrame":
    """A row for each incident, with what matters first."""
    import pandas as pd

    columns = {
        "detected_at": [f"{incident.detected_at:%Y-%m-%dT%H:%M:%SZ}" for incident in incidents],
        "started_at": [f"{incident.started_at:%Y-%m-%dT%H:%M:%SZ}" for incident in incidents],
        "ended_at": [f"{incident.ended_at:%Y-%m-%dT%H:%M:%SZ}" if incident.ended_at else "" for incident in incidents],
        "victim": [f"{incident.victim.namespace}/{incident.victim.pod}" for incident in incidents],
        "verdict": [incident.verdict.value for incident in incidents],
        "confidence": [round(incident.confidence, 3) for incident in incidents],
        "volume": [incident.volume.name if incident.volume else "" for incident in incidents],
        "accused": [_accused(incident) for incident in incidents],
        "statistic": [incident.ttft.statistic for incident in incidents],
        "baseline_seconds": [_rounded(incident.ttft.baseline_seconds) for incident in incidents],
        "observed_seconds": [_rounded(incident.ttft.observed_seconds) for incident in incidents],
        "requests_affected": [incident.ttft.requests_affected for incident in incidents],
        "id": [incident.id for incident in incidents],
    }
    return pd.DataFrame(columns)


def _accused(incident: "Incident") -> str:
    return " ".join(each.name for each in incident.suspects if each.accused)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
