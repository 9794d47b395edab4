"""From answers to frames."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from correlator.model.frame import BlindSpot, Frame
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Measured, Signal
from correlator.sources.answer import Answer
from correlator.sources.assembly import (
    FIRST_STEPS,
    POINTS_PER_ANSWER,
    POINTS_PER_SERIES,
    Assembly,
    Identities,
    following_parts,
    identities_of,
)

SIGNAL = Signal(
    name="reads",
    unit="operations",
    kind=Kind.COUNTER,
    aspect=Aspect.IO,
    query="q",
    labels=("pod", "node"),
    exporter="e",
)
GRID = Grid(100, 10, 4)


def answer(*series: tuple[Mapping[str, str], Mapping[float, float]], notes: tuple[str, ...] = ()) -> Answer:
    """An answer of series as {timestamp: value}."""
    return Answer(
        metrics=[labels for labels, _ in series],
        counts=np.array([len(samples) for _, samples in series], dtype=np.int64),
        times=np.array([at for _, samples in series for at in samples], dtype=np.float64),
        values=np.array([value for _, samples in series for value in samples.values()], dtype=np.float64),
        notes=notes,
    )


def assembled(*answers: Answer) -> tuple[Frame, tuple[BlindSpot, ...]]:
    """The frame and the quality of answers that each cover the whole grid."""
    assembly = Assembly(SIGNAL, GRID, Identities(SIGNAL.labels))
    for one in answers:
        assembly.add(one, 0, GRID.count)
    return assembly.frame(), assembly.quality()


def test_samples_land_on_their_steps() -> None:
    """A value stands at its timestamp's step, steps without one are NaN, rows are sorted."""
    frame, quality = assembled(answer(({"pod": "b"}, {100: 1.0, 130: 4.0}), ({"pod": "a"}, {110: 2.0})))
    assert frame.labels == ((("pod", "a"),), (("pod", "b"),))
    assert np.array_equal(frame.values, [[np.nan, 2, np.nan, np.nan], [1, np.nan, np.nan, 4]], equal_nan=True)
    assert quality == ()


def test_other_labels_are_dropped_and_duplicates_keep_the_largest() -> None:
    """Series that are one after projection to the signal's labels keep the larger value of each step, and say so."""
    first = ({"pod": "a", "replica": "1"}, {100.0: 1.0, 110.0: 9.0})
    second = ({"pod": "a", "replica": "2"}, {100.0: 3.0, 120.0: 5.0})
    frame, quality = assembled(answer(first, second))
    assert frame.labels == ((("pod", "a"),),)
    assert np.array_equal(frame.values, [[3, 9, 5, np.nan]], equal_nan=True)
    assert [spot.reason.split(":")[0] for spot in quality] == ["duplicate"]


def test_a_nan_beside_a_value_loses() -> None:
    """Of two samples at one step the known one counts."""
    frame, _ = assembled(answer(({"pod": "a", "x": "1"}, {100: np.nan}), ({"pod": "a", "x": "2"}, {100: 3.0})))
    assert frame.values[0, 0] == 3


def test_empty_labels_are_no_labels() -> None:
    """A label with an empty value is the same as none, as in Prometheus."""
    frame, _ = assembled(answer(({"pod": "a", "node": ""}, {100: 1.0})))
    assert frame.labels == ((("pod", "a"),),)


def test_unordered_and_repeated_timestamps() -> None:
    """Order does not matter; of several samples at one timestamp the largest counts, and that is told."""
    times, values = np.array([130.0, 100.0, 100.0]), np.array([4.0, 1.0, 2.0])
    frame, quality = assembled(Answer([{"pod": "a"}], np.array([3]), times, values))
    assert np.array_equal(frame.values, [[2, np.nan, np.nan, 4]], equal_nan=True)
    assert quality[0].reason.startswith("odd: a series has several samples at one timestamp")


def test_samples_off_the_grid_are_dropped() -> None:
    """A server that shifts the steps does not shift our values; a millisecond of rounding is no shift."""
    frame, quality = assembled(answer(({"pod": "a"}, {100.0005: 1.0, 113: 2.0, 90: 3.0, 140: 4.0})))
    assert np.array_equal(frame.values, [[1, np.nan, np.nan, np.nan]], equal_nan=True)
    assert quality == (BlindSpot("reads", "odd: samples at timestamps that were not asked for are dropped"),)


def test_what_a_server_says_in_many_parts_is_told_once() -> None:
    """Notes of the parts are kept without repetition."""
    notes = ("warning: w",)
    _, quality = assembled(answer(notes=notes), answer(notes=notes))
    assert quality == (BlindSpot("reads", "warning: w"),)


def test_nothing_is_an_empty_frame() -> None:
    """No series is no row."""
    frame, quality = assembled(answer())
    assert (frame.values.shape, quality) == ((0, 4), ())


@given(
    count=st.integers(1, 60),
    cuts=st.sets(st.integers(1, 59)),
    known=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 59), st.floats(-1e9, 1e9))),
    seed=st.randoms(use_true_random=False),
)
def test_parts_in_any_order_make_the_frame_of_one_answer(
    count: int, cuts: set[int], known: list[tuple[int, int, float]], seed: Random
) -> None:
    """However a window is cut and in whatever order the parts arrive, the frame is the same."""
    grid = Grid(0, 5, count)
    cells = {(row, step): value for row, step, value in known if step < count}
    edges = [0, *sorted(cut for cut in cuts if cut < count), count]

    def part(first: int, stop: int) -> Answer:
        rows: dict[int, dict[float, float]] = {}
        for (row, step), value in cells.items():
            if first <= step < stop:
                rows.setdefault(row, {})[step * 5] = value
        return answer(*(({"pod": str(row)}, samples) for row, samples in rows.items()))

    whole, pieces = (Assembly(SIGNAL, grid, Identities(SIGNAL.labels)) for _ in range(2))
    whole.add(part(0, count), 0, count)
    spans = list(itertools.pairwise(edges))
    seed.shuffle(spans)
    for first, stop in spans:
        pieces.add(part(first, stop), first, stop)
    assert pieces.frame().labels == whole.frame().labels
    assert pieces.frame().values.tobytes() == whole.frame().values.tobytes()


@given(st.integers(0, 100_000), st.integers(0, 1_000_000))
def test_parts_cover_the_rest_within_the_limits(count: int, series: int) -> None:
    """Parts follow each other to the end, none longer than a server answers nor larger than memory allows."""
    parts = following_parts(min(count, 40_000 if series < POINTS_PER_ANSWER else 300), series)
    edges = [FIRST_STEPS] + [stop for _, stop in parts]
    assert [first for first, _ in parts] == edges[:-1]
    assert all(stop - first <= POINTS_PER_SERIES for first, stop in parts)
    assert all(stop - first == 1 or (stop - first) * series <= POINTS_PER_ANSWER for first, stop in parts)


def test_the_same_series_keep_their_objects() -> None:
    """Step after step, frames of the same series share their labels, so that comparing them costs nothing."""
    identities = Identities(SIGNAL.labels)
    frames = []
    for step in range(2):
        assembly = Assembly(SIGNAL, Grid(100 + 10 * step, 10, 1), identities)
        at = 100.0 + 10 * step
        assembly.add(answer(({"pod": "b"}, {at: 1.0}), ({"pod": "a", "x": str(step)}, {at: 2.0})), 0, 1)
        frames.append(assembly.frame())
    assert frames[0].labels is frames[1].labels
    assert frames[1].values.tolist() == [[2.0], [1.0]]


def test_signals_with_the_same_series_share_their_labels() -> None:
    """However their answers are ordered; other series in between do not disturb them."""
    identities = Identities(SIGNAL.labels)
    found = []
    for pods in ("ba", "ab", "c", "ba", "c"):
        assembly = Assembly(SIGNAL, GRID, identities)
        assembly.add(answer(*(({"pod": pod}, {100.0: 1.0}) for pod in pods)), 0, GRID.count)
        found.append(assembly.frame().labels)
    assert found[0] is found[1] is found[3]
    assert found[2] is found[4]
    assert found[2] == ((("pod", "c"),),)


def test_identities_are_forgotten_in_time() -> None:
    """A cluster whose pods come and go does not fill the memory; forgetting changes no answer."""
    identities = Identities(["pod"])
    first = identities.of({"pod": "p0"})
    for index in range(200_001):
        identities.of({"pod": f"p{index}"})
    assert len(identities._known) < 200_000
    assert identities.of({"pod": "p0"}) == first


def test_labels_values_and_bounds_are_ours() -> None:
    """The exporter's names become ours, its milliseconds seconds: bounds where there are any, values elsewhere."""
    buckets = replace(SIGNAL, labels=("pod", "le"), rename=(("pod", "target"),), factor=1e-3)
    assembly = Assembly(buckets, GRID, identities_of(buckets))
    assembly.add(answer(({"target": "a", "le": "100"}, {100: 5.0}), ({"target": "a", "le": "+Inf"}, {100: 7.0})), 0, 4)
    frame = assembly.frame()
    assert frame.labels == ((("le", "+Inf"), ("pod", "a")), (("le", "0.1"), ("pod", "a")))
    assert frame.values[:, 0].tolist() == [7, 5]
    sums = replace(buckets, labels=("pod",), measured=Measured.GATEWAY)
    assembly = Assembly(sums, GRID, identities_of(sums))
    assembly.add(answer(({"target": "a"}, {100: 1500.0})), 0, 4)
    assert assembly.frame().labels == ((("measured", "gateway"), ("pod", "a")),)
    assert assembly.frame().values[0, 0] == 1.5


def test_a_bound_is_one_however_it_is_spelled() -> None:
    """An upgraded server writes "1.0" for "1": the row goes on, and what does not overlap is no duplicate."""
    buckets = replace(SIGNAL, labels=("pod", "le"))
    assembly = Assembly(buckets, GRID, identities_of(buckets))
    assembly.add(
        answer(({"pod": "a", "le": "1"}, {100: 5.0, 110: 6.0}), ({"pod": "a", "le": "1.0"}, {120: 7.0, 130: 8.0})), 0, 4
    )
    assert assembly.frame().labels == ((("le", "1"), ("pod", "a")),)
    assert assembly.frame().values.tolist() == [[5, 6, 7, 8]]
    assert assembly.quality() == ()
