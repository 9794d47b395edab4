"""The four panels: first tokens, the volume's latency, its queue, and who takes the device's time."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes

from correlator.model.finding import Evidence, SymptomEffect
from correlator.model.frame import Floats
from correlator.model.symptom import TTFT
from correlator.model.symptom_words import symptom_words
from correlator.picture.stack import Band, values_of
from correlator.picture.style import BLUE, GREEN, INK, MUTED, ORANGE, SKY

TTFT_STYLES = {"ttft_p95": ("p95", BLUE, 1.8), "ttft_mean": ("mean", GREEN, 1.2), "ttft_p50": ("p50", SKY, 1.2)}
LATENCY_STYLES = {"read_latency": ("read", BLUE), "write_latency": ("write", ORANGE)}
BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85}
DASHES = (0, (5, 3))
BESIDE_ONSET = 0.25  # the onset is mostly in the middle


def draw_ttft(
    axes: Axes, x: Floats, evidence: Evidence, *, stalled: bool, symptom: SymptomEffect | None = None
) -> None:
    """The victim's first tokens, or what else is watched, with their baseline; in words where there were none."""
    curves = {curve.name: values_of(curve) for curve in evidence.series if curve.role in ("ttft", "ttft_baseline")}
    scale, unit = _time_scale(curves.values())
    for name, (label, colour, width) in TTFT_STYLES.items():
        if name in curves:
            _line(axes, x, curves[name] * scale, color=colour, lw=width, label=label)
        baseline = curves.get(name.replace("ttft_", "ttft_baseline_"))
        if baseline is not None:
            _line(axes, x, baseline * scale, color=colour, lw=1.2, ls=DASHES, label=f"{label} baseline")
    other = symptom_words(symptom)
    if curves and (stalled or (symptom is not None and symptom.stopped)):
        _note(axes, other.change if other else "no first tokens while requests wait", _middle(x, evidence))
    is_other = symptom is not None and symptom.name != TTFT.name
    title = f"Time of {symptom.things}" if symptom and is_other else "Time to first token"
    _finish(axes, title, unit, seen=bool(curves))


def draw_latency(axes: Axes, x: Floats, evidence: Evidence) -> None:
    """How long one operation of the volume takes."""
    curves = {curve.name: values_of(curve) for curve in evidence.series if curve.name in LATENCY_STYLES}
    scale, unit = _time_scale(curves.values())
    for name, (label, colour) in LATENCY_STYLES.items():
        if name in curves:
            _line(axes, x, curves[name] * scale, color=colour, lw=1.4, label=label)
    _finish(axes, "Volume: latency of an operation", unit, seen=bool(curves))


def draw_queue(axes: Axes, x: Floats, evidence: Evidence) -> None:
    """How many operations wait or are served."""
    curves = [values_of(curve) for curve in evidence.series if curve.name == "queue_depth"]
    for values in curves:
        _line(axes, x, values, color=INK, lw=1.2)
        axes.fill_between(x, 0, values, color=INK, alpha=0.10, lw=0)
    _finish(axes, "Volume: queue depth", "operations", seen=bool(curves))


def draw_device_time(axes: Axes, x: Floats, bands: Sequence[Band]) -> None:
    """Whose I/O takes the device's time, stacked; what was not seen stays blank."""
    base = np.zeros(len(x))
    for band in bands:
        top = base + np.nan_to_num(band.values)
        seen = (~np.isnan(band.values)).tolist()
        edge = MUTED if band.hatch else band.colour
        axes.fill_between(x, base, top, where=seen, fc=band.colour, hatch=band.hatch, ec=edge, lw=0.3)
        base = top
    _finish(axes, "Device time taken, by whom", "seconds per second", seen=bool(bands))


def _line(axes: Axes, x: Floats, values: Floats, **style: object) -> None:
    """A curve with gaps; a value between two gaps is a dot, or it could not be seen."""
    known = np.concatenate(([False], ~np.isnan(values), [False]))
    alone = np.flatnonzero(known[1:-1] & ~known[:-2] & ~known[2:])
    axes.plot(x, values, **style)  # type: ignore[arg-type]
    axes.plot(x[alone], values[alone], color=str(style["color"]), ls="none", marker=".", markersize=3.5)


def _finish(axes: Axes, title: str, unit: str, *, seen: bool) -> None:
    """What every panel has: a name, a unit, an axis from zero, a legend or the word that nothing was seen."""
    axes.set_title(title, loc="left", size=10, weight="bold", pad=6)
    axes.set_ylabel(unit, size=8.5)
    axes.margins(x=0, y=0.12)
    axes.set_ylim(bottom=0)
    if not seen:
        axes.set_yticks([])
        _note(axes, "not seen", BESIDE_ONSET)
    elif axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), ncol=6, handlelength=1.8, borderaxespad=0.2)


def _middle(x: Floats, evidence: Evidence) -> float:
    """The middle of the regression, as a part of the panel's width; not so close to the right that words leave it."""
    if evidence.onset is None or len(x) < 2 or evidence.times[0] >= evidence.times[-1]:  # noqa: PLR2004 - a span has two
        return 0.5
    whole = evidence.times[-1] - evidence.times[0]
    end = min(evidence.ended_at or evidence.times[-1], evidence.times[-1])
    middle = (max(evidence.onset, evidence.times[0]) + (end - evidence.onset) / 2 - evidence.times[0]) / whole
    return float(np.clip(middle, 0.2, 0.8))


def _note(axes: Axes, words: str, across: float) -> None:
    """A word in a panel, `across` of its width from the left."""
    axes.text(across, 0.5, words, transform=axes.transAxes, ha="center", va="center", color=MUTED, size=10, bbox=BOX)


def _time_scale(curves: Iterable[Floats]) -> tuple[float, str]:
    """Factor and unit that keep a duration's axis readable."""
    top = max((float(np.nanmax(values)) for values in curves if not np.isnan(values).all()), default=0.0)
    return (1.0, "seconds") if top >= 1.0 else (1000.0, "milliseconds")
