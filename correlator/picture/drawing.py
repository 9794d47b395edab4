"""The whole picture: a title, four panels, the onset through all of them, a legend."""

import io
import threading
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from correlator.model.finding import Evidence, Finding
from correlator.model.incident import Incident
from correlator.model.symptom_words import symptom_words
from correlator.picture.described import described
from correlator.picture.labels import VERDICTS, full_name, one_line, quantity, suspect_name
from correlator.picture.panels import draw_device_time, draw_latency, draw_queue, draw_ttft
from correlator.picture.stack import Band, bands_of
from correlator.picture.style import MUTED, SETTINGS, VERMILION, WARNING_INK
from correlator.wording.curves import panels_of

Format = Literal["svg", "png"]

WIDTH, PANELS_HEIGHT, TITLE_HEIGHT, KEY_HEIGHT = 9.0, 7.7, 0.95, 0.21  # inches; 100 of SVG's pixels are one
PNG_DPI = 160
LONGEST_HEADLINE = 120
TIME_SHAPES = (
    (timedelta(minutes=20), "%H:%M:%S"),
    (timedelta(days=1), "%H:%M"),
    (timedelta.max, "%m-%d %H:%M"),
)
_drawing = threading.Lock()  # matplotlib's settings are global: one picture at a time


def draw(subject: Incident | Finding, evidence: Evidence, kind: Format = "svg") -> bytes:
    """The picture of an incident or finding as `kind`, made to be read at a width of 900 px.

    Curves that the evidence lacks are left out, None in a curve is a gap; without any times the picture says so.
    """
    with _drawing, mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a label in a script the font lacks
        return _rendered(_figure(subject, evidence), kind, _headline(subject), _told(subject, evidence))


def _figure(subject: Incident | Finding, evidence: Evidence) -> Figure:
    """All four panels below a title."""
    bands = bands_of(subject, evidence)
    keys = 0.35 + KEY_HEIGHT * -(-len(bands) // 2)  # the legend has two columns
    height = PANELS_HEIGHT + keys
    figure = Figure(figsize=(WIDTH, height), dpi=100)
    _title(figure, subject, height)
    if not evidence.times:
        figure.text(0.5, 0.5, "No series were kept for this incident.", ha="center", color=MUTED, size=12)
        return figure
    room = {"left": 0.085, "right": 0.975, "top": 1 - TITLE_HEIGHT / height, "bottom": (keys + 0.25) / height}
    panels: Sequence[Axes] = figure.subplots(
        4, 1, sharex=True, gridspec_kw={"height_ratios": (3.0, 1.7, 1.3, 2.4), "hspace": 0.42, **room}
    )
    x = np.array([_number(at) for at in evidence.times])
    draw_ttft(panels[0], x, evidence, stalled=subject.ttft.stalled, symptom=subject.symptom)
    draw_latency(panels[1], x, evidence)
    draw_queue(panels[2], x, evidence)
    draw_device_time(panels[3], x, bands)
    _mark_regression(panels, subject, evidence)
    _time_axis(panels[3], evidence)
    _draw_keys(figure, bands, (keys - 0.2) / height)
    return figure


def _headline(subject: Incident | Finding) -> str:
    """The verdict, where, and who did it."""
    volume = f" on {one_line(subject.volume.name)}" if subject.volume else ""
    accused = [one_line(suspect_name(suspect)) for suspect in subject.suspects if suspect.accused]
    culprit = f": {', '.join(accused)}" if accused else ""
    return f"{VERDICTS[subject.verdict]}{volume}{culprit}"


def _told(subject: Incident | Finding, evidence: Evidence) -> str:
    """The picture in words, for whoever does not see it."""
    panels = panels_of(evidence, subject.symptom)
    return " ".join(panel.sentence for panel in panels) or "No series were kept for this incident."


def _title(figure: Figure, subject: Incident | Finding, height: float) -> None:
    """Two lines: the verdict, and what it did to whom."""
    headline = _headline(subject)
    if len(headline) > LONGEST_HEADLINE:
        headline = f"{headline[: LONGEST_HEADLINE - 1]}…"
    ttft = subject.ttft
    effect = f"TTFT {ttft.statistic} {quantity(ttft.baseline_seconds)} → {quantity(ttft.observed_seconds)}"
    if ttft.stalled:
        effect = "no first tokens while requests wait"
    other = symptom_words(subject.symptom)
    if other is not None:
        effect = f"{other.title} {other.change}"
    victim = one_line(full_name(subject.victim.namespace, subject.victim.pod))
    below = f"{victim}: {effect}, confidence {subject.confidence:.2f}"
    size = 12.0 if len(headline) < LONGEST_HEADLINE * 0.6 else 8.5
    figure.text(0.015, 1 - 0.25 / height, headline, size=size, weight="bold", va="center")
    figure.text(0.015, 1 - 0.51 / height, below, color=MUTED, size=9.5, va="center")


def _draw_keys(figure: Figure, bands: Sequence[Band], top: float) -> None:
    """The legend of the stack below it, in its order from the top."""
    order = list(reversed(bands))
    patches = [Patch(facecolor=band.colour, hatch=band.hatch, edgecolor=MUTED, lw=0.3) for band in order]
    labels = [band.label for band in order]
    figure.legend(patches, labels, loc="upper left", bbox_to_anchor=(0.075, top), ncol=2, handlelength=1.4)


def _mark_regression(panels: Sequence[Axes], subject: Incident | Finding, evidence: Evidence) -> None:
    """The onset as a line and the regression as a shade through every panel."""
    onset = evidence.onset or subject.started_at
    end = evidence.ended_at or subject.ended_at
    first, last = evidence.times[0], evidence.times[-1]
    start, stop = max(onset, first), min(end or last, last)
    if start < stop:
        for axes in panels:
            axes.axvspan(_number(start), _number(stop), color=VERMILION, alpha=0.07, lw=0, zorder=0)
    for at, word in ((onset, "onset"), (end, "end")):
        if at is not None and first <= at <= last:
            for axes in panels:
                axes.axvline(_number(at), color=VERMILION, lw=1.1, ls=(0, (2, 2)), zorder=3)
            place = (at - first) / max(last - first, timedelta(seconds=1))
            _mark_moment(panels[0], at, word, left=place > (0.15 if word == "onset" else 0.84))


def _mark_moment(axes: Axes, at: datetime, word: str, *, left: bool) -> None:
    """A word and the time beside a line, on its left or right."""
    axes.annotate(
        f"{word} {at.astimezone(UTC):%H:%M:%S}",
        (_number(at), 0.97),
        xycoords=axes.get_xaxis_transform(),
        xytext=(-4 if left else 4, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top",
        color=WARNING_INK,
        size=8.5,
        weight="bold",
    )


def _time_axis(axes: Axes, evidence: Evidence) -> None:
    """UTC instants, with the date said once."""
    first, last = evidence.times[0], evidence.times[-1]
    shape = next(shape for longest, shape in TIME_SHAPES if last - first < longest)
    axes.xaxis.set_major_locator(AutoDateLocator(tz=UTC, minticks=4, maxticks=9))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter(shape, tz=UTC))  # type: ignore[no-untyped-call]
    if first < last:
        axes.set_xlim(_number(first), _number(last))
    axes.set_xlabel(f"UTC, {first.astimezone(UTC):%Y-%m-%d}", color=MUTED)


def _rendered(figure: Figure, kind: Format, title: str, told: str) -> bytes:
    """The figure as bytes without a date, with what it shows in words."""
    target = io.BytesIO()
    if kind == "svg":
        undated = {"Date": None, "Creator": None, "Title": title}
        FigureCanvasSVG(figure).print_svg(target, metadata=undated)  # type: ignore[no-untyped-call]
    else:
        figure.set_dpi(PNG_DPI)
        said = {"Software": None, "Title": title}
        FigureCanvasAgg(figure).print_png(target, metadata=said)  # type: ignore[no-untyped-call]
    return described(target.getvalue(), told) if kind == "svg" else target.getvalue()


def _number(at: datetime) -> float:
    """An instant as matplotlib counts it."""
    return float(date2num(at.astimezone(UTC)))  # type: ignore[no-untyped-call]
