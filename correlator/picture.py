"""The picture of an incident: first tokens, the volume and its suspects on one time axis.

What lives here: drawing, as SVG or PNG, from values of the model alone.
What must not: I/O, clocks, statistics. The same arguments give the same bytes.
Who imports it: web, the command line.
"""

import io
import threading
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from correlator.model.finding import Evidence, EvidenceSeries, Finding
from correlator.model.frame import Floats
from correlator.model.incident import Incident

Format = Literal["svg", "png"]

# Okabe and Ito's palette: told apart by every kind of colour vision.
BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE = "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
INK, MUTED, FAINT = "#1f2933", "#616e7c", "#e4e7eb"
ACCUSED = (VERMILION, PURPLE, ORANGE)
BYSTANDERS = ("#b8c4ce", "#9fb0a3", "#c9bfa8", "#a9b6d3", "#c7b3c5")
TTFT_STYLES = {"ttft_p95": ("p95", BLUE, 1.8), "ttft_mean": ("mean", GREEN, 1.2), "ttft_p50": ("p50", SKY, 1.2)}
LATENCY_STYLES = {"read_latency": ("read", BLUE, "-"), "write_latency": ("write", ORANGE, "-")}
SHOWN_PODS = 6
LONGEST_LABEL = 44

_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "correlator",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "timezone": "UTC",
}
_drawing = threading.Lock()  # matplotlib's style is global: one picture at a time


def draw(subject: Incident | Finding, evidence: Evidence, kind: Format = "svg") -> bytes:
    """The picture of an incident or finding, 900 px wide, as `kind`.

    Curves that the evidence lacks are left out, None in a curve is a gap; without any times the picture says so.
    """
    with _drawing, mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a label in a script the font lacks
        return _rendered(_figure(subject, evidence), kind)


@dataclass(frozen=True, slots=True)
class _Band:
    """One layer of the stack of device time."""

    label: str
    values: Floats
    colour: str
    hatch: str = ""


def _figure(subject: Incident | Finding, evidence: Evidence) -> Figure:
    """All four panels below a title."""
    bands = _bands(subject, evidence)
    keys = 0.35 + 0.21 * -(-len(bands) // 2)  # inches below the last panel, for its legend in two columns
    height = 7.7 + keys
    figure = Figure(figsize=(9.0, height), dpi=100)
    _title(figure, subject, height)
    if not evidence.times:
        figure.text(0.5, 0.5, "No series were kept for this incident.", ha="center", color=MUTED, size=12)
        return figure
    room = {"left": 0.085, "right": 0.975, "top": 1 - 0.95 / height, "bottom": (keys + 0.25) / height}
    panels: Sequence[Axes] = figure.subplots(
        4, 1, sharex=True, gridspec_kw={"height_ratios": (3.0, 1.7, 1.3, 2.4), "hspace": 0.42, **room}
    )
    _draw_ttft(panels[0], subject, evidence)
    _draw_latency(panels[1], evidence)
    _draw_queue(panels[2], evidence)
    _draw_device_time(panels[3], evidence, bands)
    _mark_regression(panels, subject, evidence)
    _time_axis(panels[3], evidence)
    _draw_keys(figure, bands, (keys - 0.2) / height)
    return figure


def _title(figure: Figure, subject: Incident | Finding, height: float) -> None:
    """Two lines: the verdict, and what it did to whom."""
    volume = f" on {_text(subject.volume.name)}" if subject.volume else ""
    accused = [_text(_name(suspect.namespace, suspect.pod)) for suspect in subject.suspects if suspect.accused]
    culprit = f": {', '.join(accused)}" if accused else ""
    headline = f"{subject.verdict.value.replace('_', ' ').capitalize()}{volume}{culprit}"
    ttft = subject.ttft
    effect = f"TTFT {ttft.statistic} {_quantity(ttft.baseline_seconds)} → {_quantity(ttft.observed_seconds)}"
    if ttft.stalled:
        effect = "no first tokens while requests wait"
    victim = _text(_name(subject.victim.namespace, subject.victim.pod))
    below = f"{victim}: {effect}, confidence {subject.confidence:.2f}"
    figure.text(
        0.015,
        1 - 0.25 / height,
        headline[:150],
        size=12 - 0.04 * max(0, len(headline) - 75),
        weight="bold",
        va="center",
    )
    figure.text(0.015, 1 - 0.51 / height, below, color=MUTED, size=9.5, va="center")


def _draw_ttft(axes: Axes, subject: Incident | Finding, evidence: Evidence) -> None:
    """The victim's first tokens with their baseline."""
    curves = {curve.name: _values(curve) for curve in evidence.series if curve.role in ("ttft", "ttft_baseline")}
    scale, unit = _time_scale(curves.values())
    for name, (label, colour, width) in TTFT_STYLES.items():
        if name in curves:
            axes.plot(_x(evidence), curves[name] * scale, color=colour, lw=width, label=label, solid_capstyle="round")
        baseline = curves.get(name.replace("ttft_", "ttft_baseline_"))
        if baseline is not None:
            axes.plot(_x(evidence), baseline * scale, color=colour, lw=1.2, ls=(0, (5, 3)), label=f"{label} baseline")
    if subject.ttft.stalled:
        silent = np.all([np.isnan(values) for values in curves.values()], axis=0) if curves else np.empty(0, bool)
        if silent.any():
            _note(axes, "no first tokens while requests wait")
    _finish(axes, "Time to first token", unit, seen=bool(curves))


def _draw_latency(axes: Axes, evidence: Evidence) -> None:
    """How long one operation of the volume takes."""
    curves = {curve.name: _values(curve) for curve in evidence.series if curve.name in LATENCY_STYLES}
    scale, unit = _time_scale(curves.values())
    for name, (label, colour, dashes) in LATENCY_STYLES.items():
        if name in curves:
            axes.plot(_x(evidence), curves[name] * scale, color=colour, lw=1.4, ls=dashes, label=label)
    _finish(axes, "Volume: latency of an operation", unit, seen=bool(curves))


def _draw_queue(axes: Axes, evidence: Evidence) -> None:
    """How many operations wait or are served."""
    curves = [_values(curve) for curve in evidence.series if curve.name == "queue_depth"]
    for values in curves:
        axes.plot(_x(evidence), values, color=INK, lw=1.2)
        axes.fill_between(_x(evidence), 0, values, color=INK, alpha=0.10, lw=0)
    _finish(axes, "Volume: queue depth", "operations", seen=bool(curves))


def _draw_device_time(axes: Axes, evidence: Evidence, bands: Sequence[_Band]) -> None:
    """Whose I/O takes the device's time, stacked; what was not seen stays blank."""
    base = np.zeros(len(evidence.times))
    for band in bands:
        top = base + np.nan_to_num(band.values)
        seen = (~np.isnan(band.values)).tolist()
        edge = MUTED if band.hatch else band.colour
        axes.fill_between(_x(evidence), base, top, where=seen, fc=band.colour, hatch=band.hatch, ec=edge, lw=0.3)
        base = top
    _finish(axes, "Device time taken, by whom", "seconds per second", seen=bool(bands))


def _draw_keys(figure: Figure, bands: Sequence[_Band], top: float) -> None:
    """The legend of the stack below it, in its order from the top."""
    order = list(reversed(bands))
    patches = [Patch(facecolor=band.colour, hatch=band.hatch, edgecolor=MUTED, lw=0.3) for band in order]
    labels = [band.label for band in order]
    figure.legend(patches, labels, loc="upper left", bbox_to_anchor=(0.075, top), ncol=2, handlelength=1.4)


def _bands(subject: Incident | Finding, evidence: Evidence) -> list[_Band]:
    """Innocent first, accused on top, small ones as one."""
    accused = {_name(suspect.namespace, suspect.pod) for suspect in subject.suspects if suspect.accused}
    own = [_Band("victim itself", _values(c), SKY) for c in evidence.series if c.role == "victim_io"]
    rest = [_Band("unattributed", _values(c), "#f3f4f6", "////") for c in evidence.series if c.role == "unattributed"]
    suspects = [curve for curve in evidence.series if curve.role == "suspect"]
    guilty = [curve for curve in suspects if curve.label in accused]
    others = sorted((curve for curve in suspects if curve.label not in accused), key=_peak, reverse=True)
    shown = [
        _Band(_text(curve.label), _values(curve), BYSTANDERS[index % len(BYSTANDERS)])
        for index, curve in enumerate(others[:SHOWN_PODS])
    ]
    if len(others) > SHOWN_PODS:
        small = [_values(curve) for curve in others[SHOWN_PODS:]]
        shown.append(_Band(f"{len(small)} others", _sum(small), "#d9dee3"))
    blamed = [
        _Band(f"{_text(curve.label)} (accused)", _values(curve), ACCUSED[index % len(ACCUSED)])
        for index, curve in enumerate(guilty)
    ]
    return [*own, *shown, *rest, *blamed]


def _mark_regression(panels: Iterable[Axes], subject: Incident | Finding, evidence: Evidence) -> None:
    """The onset as a line and the regression as a shade through every panel; the words in the first."""
    onset = evidence.onset or subject.started_at
    end = evidence.ended_at or subject.ended_at
    first, last = evidence.times[0], evidence.times[-1]
    start, stop = max(onset, first), min(end or last, last)
    for index, axes in enumerate(panels):
        if start < stop:
            axes.axvspan(_number(start), _number(stop), color=VERMILION, alpha=0.07, lw=0, zorder=0)
        for moment, word in ((onset, "onset"), (end, "end")):
            if moment is None or not first <= moment <= last:
                continue
            axes.axvline(_number(moment), color=VERMILION, lw=1.1, ls=(0, (2, 2)), zorder=3)
            if index == 0:
                axes.annotate(
                    f"{word} {moment.astimezone(UTC):%H:%M:%S}", (_number(moment), 0.97),
                    xycoords=axes.get_xaxis_transform(), xytext=(-4, 0), textcoords="offset points", ha="right",
                    va="top", color="#a63f00", size=8.5, weight="bold",
                )  # fmt: skip


def _time_axis(axes: Axes, evidence: Evidence) -> None:
    """UTC instants, said once."""
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=UTC, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    first, last = evidence.times[0], evidence.times[-1]
    if first < last:
        axes.set_xlim(_number(first), _number(last))
    axes.set_xlabel(f"UTC, {first.astimezone(UTC):%Y-%m-%d}", color=MUTED)


def _finish(axes: Axes, title: str, unit: str, *, seen: bool) -> None:
    """What every panel has: a name, a unit, an axis from zero, a legend or the word that nothing was seen."""
    axes.set_title(title, loc="left", size=10, weight="bold", pad=6)
    axes.set_ylabel(unit, size=8.5)
    axes.grid(visible=False, axis="x")
    axes.margins(x=0, y=0.12)
    axes.set_ylim(bottom=0)
    if not seen:
        _note(axes, "not seen")
    elif axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), ncol=6, handlelength=1.8, borderaxespad=0.2)


def _note(axes: Axes, words: str) -> None:
    """A word in the middle of a panel."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=MUTED, size=10)


def _rendered(figure: Figure, kind: Format) -> bytes:
    """The figure as bytes without a date."""
    target = io.BytesIO()
    if kind == "svg":
        undated = {"Date": None, "Creator": None}
        FigureCanvasSVG(figure).print_svg(target, metadata=undated)  # type: ignore[no-untyped-call]
    else:
        figure.set_dpi(160)
        FigureCanvasAgg(figure).print_png(target, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return target.getvalue()


def _values(curve: EvidenceSeries) -> Floats:
    """The curve's values, shape (len(times),), NaN where nothing is known."""
    return np.array([np.nan if value is None else value for value in curve.values], dtype=np.float64)


def _sum(curves: Sequence[Floats]) -> Floats:
    """The sum of what is known at each step; NaN where nothing is."""
    stacked = np.stack(curves)
    total: Floats = np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))
    return total


def _peak(curve: EvidenceSeries) -> float:
    """The largest known value; 0 where nothing is known."""
    return max((value for value in curve.values if value is not None), default=0.0)


def _time_scale(curves: Iterable[Floats]) -> tuple[float, str]:
    """Factor and unit that keep a duration's axis readable."""
    top = max((float(np.nanmax(values)) for values in curves if not np.isnan(values).all()), default=0.0)
    return (1.0, "seconds") if top >= 1.0 else (1000.0, "milliseconds")


def _x(evidence: Evidence) -> Floats:
    """The steps as matplotlib counts them."""
    return np.array([_number(moment) for moment in evidence.times])


def _number(moment: datetime) -> float:
    """An instant as matplotlib counts it."""
    return float(date2num(moment.astimezone(UTC)))  # type: ignore[no-untyped-call]


def _name(namespace: str, pod: str) -> str:
    """`namespace/pod`, or what there is of it."""
    return "/".join(part for part in (namespace, pod) if part) or "unattributed I/O"


def _text(label: str) -> str:
    """A label as one line of printable characters that fits a legend."""
    clean = "".join(character if character.isprintable() else "�" for character in label)
    if len(clean) > LONGEST_LABEL:
        clean = f"{clean[: LONGEST_LABEL // 2]}…{clean[-LONGEST_LABEL // 2 + 1 :]}"
    return f" {clean}" if clean.startswith("_") else clean  # matplotlib hides what starts with "_"


def _quantity(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "unknown"
    return f"{seconds * 1000:.0f} ms" if seconds < 1.0 else f"{seconds:.2f} s"
