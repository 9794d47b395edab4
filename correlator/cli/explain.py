"""`correlator explain`."""

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from correlator.cli.errors import NoAnswerError, UsageError
from correlator.cli.options import ConfigFlag, RecordingFlag, UrlFlag, instant_of, settings_of

if TYPE_CHECKING:
    from correlator.model.finding import Finding
    from correlator.model.snapshot import Snapshot
    from correlator.model.topology import PodRef

_PICTURES = {".png", ".svg"}


class Form(StrEnum):
    """How the answer is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def explain(
    *,
    victim: Annotated[str, typer.Option(metavar="NS/POD", help="The watched pod.")],
    at: Annotated[str | None, typer.Option(metavar="T", help="When.  [default: the newest]")] = None,
    output: Annotated[Form, typer.Option(help="How to print.")] = Form.TEXT,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Also draw it, as .png or .svg.")] = None,
    recording: RecordingFlag = None,
    config: ConfigFlag = None,
    prometheus_url: UrlFlag = None,
) -> None:
    """Say why first tokens of a pod were slow at a moment, with the evidence."""
    from correlator.cli.finding_text import as_text
    from correlator.cli.inquiring import existing_folder, open_inquiry, progress_bar
    from correlator.inquiry import explain as inquire
    from correlator.web.respond import encode

    ref = _ref(victim)
    if plot is not None and existing_folder("--plot", plot).suffix not in _PICTURES:
        raise UsageError(f"--plot {plot}: expected a name that ends in .png or .svg")
    settings = settings_of(config, prometheus_url)
    inquiry = open_inquiry(settings, recording)
    newest = inquiry.source.span(time.time())[1]
    if recording is None:
        newest = min(newest, time.time() - settings.engine.settle.total_seconds())
    with progress_bar("judging") as progress:
        explanation = inquire(inquiry, ref, newest if at is None else min(instant_of("--at", at), newest), progress)
    if explanation.finding is None:
        raise NoAnswerError(f"{victim}: {_unknown(explanation.snapshot)}")
    if plot is not None:
        _draw(explanation.finding, plot)
    match output:
        case Form.JSON:
            typer.echo(encode(explanation.finding).decode())
        case Form.MARKDOWN:
            typer.echo(_report(explanation.finding, settings.cluster, inquiry.source.name, plot), nl=False)
        case Form.TEXT:
            typer.echo(as_text(explanation.finding))


def _ref(victim: str) -> "PodRef":
    from correlator.model.topology import PodRef

    namespace, separator, pod = victim.partition("/")
    if not separator or not pod or "/" in pod:
        raise UsageError(f"--victim {victim}: expected NAMESPACE/POD")
    return PodRef(namespace, pod)


def _unknown(snapshot: "Snapshot") -> str:
    known = [f"{each.namespace}/{each.pod}" for each in snapshot.victims]
    listed = f"; known are {', '.join(known[:10])}" if known else "; none is"
    return f"no victim with data at {snapshot.at:%Y-%m-%dT%H:%M:%SZ}{listed}"


def _report(finding: "Finding", cluster: str, source: str, plot: Path | None) -> str:
    """The post-mortem of an incident that no daemon knows, with the picture where one was drawn."""
    import correlator
    from correlator.incidents.lifecycle import incident_of
    from correlator.report import Material, as_markdown, postmortem

    material = Material(
        incident=incident_of(finding, cluster, None),
        evidence=finding.evidence,
        picture=str(plot or ""),
        version=correlator.__version__,
        source=source,
    )
    return as_markdown(postmortem(material))


def _draw(finding: "Finding", path: Path) -> None:
    from correlator.picture import draw

    path.write_bytes(draw(finding, finding.evidence, "png" if path.suffix == ".png" else "svg"))
    typer.echo(f"{path} is drawn", err=True)
