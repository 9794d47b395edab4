"""The picture: the same for the same incident, honest about gaps, unmoved by what a label contains."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.figure import Figure

from correlator.model.finding import Evidence, EvidenceSeries, SuspectKind, Verdict
from correlator.picture import Format, draw
from correlator.picture.labels import LONGEST_LABEL, one_line
from correlator.picture.panels import draw_ttft
from correlator.picture.stack import SHOWN_PODS, bands_of
from tests.factories import (
    HOSTILE,
    STARTED,
    make_bystander,
    make_evidence,
    make_finding,
    make_incident,
    make_suspect,
    make_unattributed,
)

SVG = "{http://www.w3.org/2000/svg}"


def words_in(picture: bytes) -> list[str]:
    """All text of an SVG, as a reader would see it."""
    return ["".join(text.itertext()) for text in ET.fromstring(picture).iter(f"{SVG}text")]  # noqa: S314 - ours


def make_curve(role: str, name: str, label: str, *values: float | None) -> EvidenceSeries:
    """A curve of some values."""
    return EvidenceSeries(role=role, name=name, label=label, unit="seconds", values=values)


def make_axis(steps: int, *curves: EvidenceSeries) -> Evidence:
    """Evidence of a few steps."""
    return Evidence(times=tuple(STARTED + timedelta(seconds=15 * step) for step in range(steps)), series=curves)


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_same_incident_same_bytes(kind: Format) -> None:
    """Drawing twice gives the same bytes: no date, no random identifiers."""
    assert draw(make_incident(), make_evidence(), kind) == draw(make_incident(), make_evidence(), kind)


def test_threads_do_not_disturb_each_other() -> None:
    """Pictures drawn at the same time in several threads are those drawn alone."""
    alone = draw(make_incident(), make_evidence())
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: draw(make_incident(), make_evidence()), range(4)))
    assert together == [alone] * 4


def test_says_what_happened() -> None:
    """Title, units, onset and time zone stand in the picture as words."""
    words = words_in(draw(make_incident(), make_evidence()))
    assert "Storage contention on n1/nvme0n1: rag/reindex-28812345-h8kz2" in words
    assert "inference/vllm-7c9f4-x2x8q: TTFT p95 75 ms → 242 ms, confidence 0.97" in words
    assert "onset 02:04:15" in words
    assert "UTC, 2026-11-23" in words
    assert {"milliseconds", "operations", "seconds per second", "p95 baseline"} <= set(words)


def test_svg_has_alternative_text() -> None:
    """A screen reader is told of one image, its title and what its curves say, whatever a label contains."""
    root = ET.fromstring(draw(make_incident(suspects=(make_suspect(pod=HOSTILE),)), make_evidence()))  # noqa: S314 - ours
    assert root.get("role") == "img"
    title, told = (next(root.iter(f"{SVG}{tag}")) for tag in ("title", "desc"))
    assert root.get("aria-labelledby") == f"{title.get('id')} {told.get('id')}"
    assert (title.text or "").startswith("Storage contention on n1/nvme0n1: rag/<img src=x")
    assert "Time to first token: p50 47.7 ms before, 169 ms during" in (told.text or "")


def test_end_stays_inside_the_picture() -> None:
    """The word at an end close to the right edge stands on the left of its line."""
    evidence = make_evidence()
    late = draw(make_incident(), replace(evidence, ended_at=evidence.times[-4]))
    text = next(each for each in ET.fromstring(late).iter(f"{SVG}text") if "end " in "".join(each.itertext()))  # noqa: S314 - ours
    assert "text-anchor: end" in (text.get("style") or "")


def test_a_stop_is_told_within_the_regression() -> None:
    """The words stand where first tokens are missing, not over the curve before."""
    axes = Figure().subplots()
    times = make_axis(5, make_curve("ttft", "ttft_p95", "v", 0.1, 0.1, 0.1, 0.1, None))
    draw_ttft(axes, np.arange(5.0), replace(times, onset=times.times[2]), stalled=True)
    assert axes.texts[0].get_position()[0] == 0.75


def test_png_is_a_png() -> None:
    """The same drawing comes as PNG."""
    assert draw(make_incident(), make_evidence(), "png").startswith(b"\x89PNG\r\n")


def test_finding_is_drawn_like_its_incident() -> None:
    """`explain --plot` and the page show one picture."""
    finding = make_finding()
    assert draw(finding, finding.evidence) == draw(make_incident(), make_evidence())


def test_end_is_marked() -> None:
    """A resolved incident shows when it ended."""
    evidence = replace(make_evidence(), ended_at=STARTED + timedelta(minutes=10))
    assert "end 02:14:15" in words_in(draw(make_incident(), evidence))


def test_without_series_says_so() -> None:
    """An incident without evidence is a sentence, not an empty frame or an error."""
    assert "No series were kept for this incident." in words_in(draw(make_incident(), Evidence()))


def test_unseen_panels_say_so() -> None:
    """A panel without curves says that nothing was seen."""
    evidence = replace(make_evidence(), series=())
    assert words_in(draw(make_incident(suspects=(), volume=None), evidence)).count("not seen") == 4


def test_stalled_victim_is_told_in_words() -> None:
    """A victim without first tokens has no curve to rise: the picture says so."""
    ttft = replace(make_incident().ttft, stalled=True, observed_seconds=None)
    words = words_in(draw(make_incident(ttft=ttft), make_evidence()))
    assert "no first tokens while requests wait" in words
    assert "inference/vllm-7c9f4-x2x8q: no first tokens while requests wait, confidence 0.97" in words


@pytest.mark.parametrize(
    "hostile", [HOSTILE, "$\\frac{", "_hidden", "a\x00b\nc\x1b[31m", "日本語", "&amp;<svg>", "x" * 500]
)
def test_labels_are_text_only(hostile: str) -> None:
    """Markup, formulas, control characters and foreign scripts in a name are shown as text in well-formed SVG."""
    suspect = make_suspect(pod=hostile)
    label = f"rag/{hostile}"
    curve = make_curve("suspect", "device_time", label, *([0.5] * 160))
    evidence = replace(make_evidence(), series=(*make_evidence().series, curve))
    picture = draw(make_incident(suspects=(suspect,)), evidence)
    assert any(one_line(label) in words for words in words_in(picture))
    elements = {element.tag for element in ET.fromstring(picture).iter()}  # noqa: S314 - ours
    assert not {f"{SVG}img", f"{SVG}script", f"{SVG}image"} & elements


def test_long_labels_keep_both_ends() -> None:
    """A name too long for the legend loses its middle, since the end tells pods of one workload apart."""
    short = one_line("namespace/" + "x" * 80 + "-abc12")
    assert len(short) <= LONGEST_LABEL
    assert short.startswith("namespace/")
    assert short.endswith("-abc12")


def test_gap_is_a_gap() -> None:
    """None in a curve is not drawn through, and a value between two gaps is a dot."""
    axes = Figure().subplots()
    evidence = make_axis(5, make_curve("ttft", "ttft_p95", "v", 0.1, 0.1, None, 0.2, None))
    draw_ttft(axes, np.arange(5.0), evidence, stalled=False)
    line, dots = axes.lines
    assert np.isnan(np.asarray(line.get_ydata())).tolist() == [False, False, True, False, True]
    assert np.asarray(dots.get_ydata()).tolist() == [200.0]


def test_slow_axis_is_in_seconds() -> None:
    """Below a second the axis is in milliseconds, above in seconds."""
    axes = Figure().subplots()
    draw_ttft(axes, np.arange(2.0), make_axis(2, make_curve("ttft", "ttft_p95", "v", 0.1, 2.5)), stalled=False)
    assert axes.get_ylabel() == "seconds"


def test_accused_are_on_top_of_the_stack() -> None:
    """The layers go from the victim's own I/O over bystanders and unattributed I/O to the accused."""
    bands = bands_of(make_incident(), make_evidence())
    assert [band.label for band in bands] == [
        "victim itself",
        "monitoring/prometheus-0",
        "logging/vector-9zk4l",
        "unattributed",
        "rag/reindex-28812345-h8kz2 (accused)",
    ]


def test_small_bystanders_are_one_band() -> None:
    """Beyond the largest few, bystanders are summed; what none of them knows stays unknown."""
    curves = [
        make_curve("suspect", "device_time", f"a/{rank}", 1.0 / (rank + 1), None) for rank in range(SHOWN_PODS + 2)
    ]
    bands = bands_of(make_incident(suspects=()), make_axis(2, *curves))
    assert bands[-1].label == "2 others"
    assert bands[-1].values[0] == pytest.approx(1 / 7 + 1 / 8)
    assert np.isnan(bands[-1].values[1])


def test_suspects_without_a_pod_have_names() -> None:
    """A node and unattributed I/O are named in the title like pods are."""
    node = make_bystander(kind=SuspectKind.NODE, namespace="", pod="", accused=True)
    incident = make_incident(suspects=(node, make_unattributed(accused=True)))
    assert "Storage contention on n1/nvme0n1: node n1, unattributed I/O" in words_in(draw(incident, make_evidence()))


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_a_title(verdict: Verdict) -> None:
    """Each verdict is drawn, with and without a volume."""
    assert draw(make_incident(verdict=verdict, volume=None, suspects=()), Evidence())
