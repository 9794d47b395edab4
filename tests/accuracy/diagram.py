"""The reliability diagram: how often suspects of each confidence were culprits."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from correlator.picture.style import BLUE, INK, MUTED, SETTINGS
from tests.accuracy.accusing import Proportion
from tests.accuracy.calibration import Judgement, reliability


def write_diagram(path: Path, judged: Sequence[Judgement]) -> None:
    """An SVG; equal judgements give an equal file."""
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(4.6, 4.2), dpi=100)
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
        for each in reliability(judged):
            low, high = Proportion(round(each.share_right * each.count), each.count).interval
            axes.plot([each.confidence] * 2, [low, high], color=BLUE, linewidth=1.5)
            axes.plot([each.confidence], [each.share_right], color=BLUE, marker="o")
            beside = {"textcoords": "offset points", "xytext": (6, -3), "fontsize": 7.5, "color": INK}
            axes.annotate(str(each.count), (each.confidence, each.share_right), **beside)  # type: ignore[arg-type]
        axes.set(xlim=(-0.02, 1.06), ylim=(-0.02, 1.02))
        axes.set(xlabel="confidence of listed suspects", ylabel="share that were culprits")
        figure.tight_layout()
        path.parent.mkdir(parents=True, exist_ok=True)
        FigureCanvasSVG(figure).print_svg(path, metadata={"Date": None})  # type: ignore[no-untyped-call]
