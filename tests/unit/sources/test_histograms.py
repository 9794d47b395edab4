"""Native histograms, as the JSON API shows them, as buckets."""

import json
from typing import Any

import numpy as np
import pytest

from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal
from correlator.sources.answer import Received, read_answer
from correlator.sources.assembly import Assembly, identities_of
from correlator.sources.histograms import BOUNDS, NAMES, cumulative

GRID = Grid(100, 10, 2)


def sample(*buckets: tuple[int, str, str, str], count: str = "0") -> tuple[float, dict[str, Any]]:
    """One sample; a bucket is (rule, left, right, count)."""
    return 100.0, {"count": count, "sum": "1", "buckets": [list(bucket) for bucket in buckets]}


def below(bound: float, *buckets: tuple[int, str, str, str], count: str = "0") -> float:
    """Observations at or below one of the bounds."""
    return float(cumulative([sample(*buckets, count=count)])[BOUNDS.index(bound), 0])


CUSTOM = ((0, "-Inf", "0.05", "3"), (0, "0.1", "0.25", "4"), (0, "2560", "+Inf", "1"))
"""Custom buckets as Prometheus 3 shows those of a classic histogram, empty ones left out."""


@pytest.mark.parametrize(("bound", "expected"), [(0.04, 2.4), (0.06, 3), (0.1, 3), (0.25, 7), (0.5, 7), (2560.0, 7)])
def test_custom_buckets_are_exact_at_their_own_bounds(bound: float, expected: float) -> None:
    """At a bound, and in an empty bucket, the count is exact; inside a bucket it is in proportion, from zero on."""
    assert below(bound, *CUSTOM, count="8") == pytest.approx(expected)


def test_all_observations_are_below_infinity() -> None:
    """The last row is the count, whatever the buckets say; no observation is no bucket."""
    assert cumulative([sample(*CUSTOM, count="8")])[-1, 0] == 8
    assert cumulative([(1.0, {"count": "0", "sum": "0"})]).max() == 0


def test_exponential_buckets_with_a_zero_bucket() -> None:
    """The bucket around zero lies below every bound; bounds that are powers are exact."""
    buckets = ((3, "-1e-128", "1e-128", "2"), (0, "0.5", "1", "6"), (0, "1", "2", "4"))
    assert below(0.001, *buckets) == pytest.approx(2)
    assert below(1.0, *buckets) == 8
    assert below(1.5, *buckets) == 10
    assert below(2.0, *buckets) == 12


def test_buckets_never_fall_while_a_histogram_grows() -> None:
    """Buckets that appear, and others that grow, raise every bound above them and no bound below."""
    rng = np.random.default_rng(7)
    edges = [0.0, *(2.0 ** (k / 8) / 1000 for k in range(160))]
    counts = np.zeros(160)
    before = np.zeros(len(NAMES))
    for _ in range(50):
        counts[rng.integers(0, 160, 5)] += rng.integers(0, 9, 5)
        shown = [(0, repr(edges[k]), repr(edges[k + 1]), str(int(c))) for k, c in enumerate(counts) if c]
        now = cumulative([sample(*shown, count=str(int(counts.sum())))])[:, 0]
        assert (now >= before - 1e-9).all()
        assert (np.diff(now) >= -1e-9).all()
        before = now


def test_an_answer_becomes_rows() -> None:
    """A range of native samples is a row for each bound, with the bound as label."""
    series = {"metric": {"pod": "p"}, "histograms": [[100, sample(*CUSTOM, count="8")[1]], [110, sample()[1]]]}
    body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}}).encode()
    answer = read_answer(Received("u", 200, "application/json", "", body))
    assembly = Assembly(_signal("pod", "le"), GRID, identities_of(_signal("pod", "le")))
    assembly.add(answer, 0, 2)
    frame = assembly.frame()
    rows = {dict(labels)["le"]: values.tolist() for labels, values in zip(frame.labels, frame.values, strict=True)}
    assert set(rows) == set(NAMES)
    assert (rows["0.25"], rows["+Inf"]) == ([7, 0], [8, 0])
    assert assembly.quality() == ()


def test_native_samples_without_buckets_asked_for_are_told() -> None:
    """A signal whose identity has no bound does not read them, and says so."""
    series = {"metric": {"pod": "p"}, "histogram": [100, sample(*CUSTOM)[1]]}
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": [series]}}).encode()
    assembly = Assembly(_signal("pod"), GRID, identities_of(_signal("pod")))
    assembly.add(read_answer(Received("u", 200, "application/json", "", body)), 0, 2)
    assert [spot.reason for spot in assembly.quality()] == ["odd: native histogram samples are not read"]
    assert np.isnan(assembly.frame().values).all()


def _signal(*labels: str) -> Signal:
    return Signal(
        name="ttft", unit="requests", kind=Kind.COUNTER, aspect=Aspect.TTFT, query="q", labels=labels, exporter="e"
    )
