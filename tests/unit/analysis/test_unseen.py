"""First tokens that are not the server's own are named as such."""

import pytest

from correlator.model.finding import Finding, Verdict
from correlator.model.frame import Frame, Frames, labels_of
from correlator.model.signal import MEASURED
from tests.unit.analysis import stories
from tests.unit.analysis.playing import play_frames
from tests.unit.analysis.stories import FIRST, LATER


def told(measured: str) -> Finding:
    """The last finding on a contention whose first tokens were measured so."""
    frames = stories.one_writer().frames()
    buckets = frames.get("ttft_bucket")
    labels = tuple(labels_of({**dict(labels), MEASURED: measured}) for labels in buckets.labels)
    rows = dict(zip(labels, buckets.values, strict=True))
    marked = Frame.from_rows("ttft_bucket", frames.grid, rows)
    changed = Frames(frames.grid, {**frames.by_signal, "ttft_bucket": marked}, frames.intervals)
    return play_frames(changed, FIRST, LATER).last


@pytest.mark.parametrize(
    ("measured", "words"),
    [("stand_in", "stands in for them"), ("gateway", "inference/vllm-0 is a gateway"), ("", None)],
)
def test_what_is_measured_elsewhere_is_a_blind_spot(measured: str, words: str | None) -> None:
    """The verdict is what it would be; the incident says whose first tokens it speaks of, also in its explanation."""
    found = told(measured)
    assert found.verdict is Verdict.CONTENTION
    reasons = [spot.reason for spot in found.blind_spots if spot.signal == "ttft_bucket"]
    assert len(reasons) == (words is not None)
    if words is not None:
        assert words in reasons[0]
        assert words in found.explanation
