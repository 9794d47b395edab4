"""First tokens of victims from vLLM's counters."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from correlator.analysis.victims import Victims, victims_of
from correlator.model.frame import Floats, Frame, Frames, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.topology import PodRef

NAN = float("nan")
GRID = Grid(600, 15, 4)
VICTIM = {"namespace": "inference", "pod": "vllm-0", "instance": "10.0.0.9:8000", "model_name": "llama"}
Rows = list[tuple[str, dict[str, str], list[float]]]


def frames(rows: Rows) -> Frames:
    """Frames from (signal, labels on top of the victim's, values)."""
    by_signal: dict[str, dict[Labels, Floats]] = {}
    for signal, labels, values in rows:
        by_signal.setdefault(signal, {})[labels_of({**VICTIM, **labels})] = np.array(values, dtype=np.float64)
    return Frames(GRID, {signal: Frame.from_rows(signal, GRID, found) for signal, found in by_signal.items()})


def victims(rows: Rows) -> Victims:
    """The victims of such frames."""
    return victims_of(frames(rows))


def test_buckets_become_counts_by_step() -> None:
    """Cumulative over bounds and time becomes requests in each bucket and step."""
    seen = victims(
        [
            ("ttft_bucket", {"le": "0.1"}, [10, 12, 12, 13]),
            ("ttft_bucket", {"le": "+Inf"}, [20, 25, 25, 26]),
            ("ttft_sum", {}, [5.0, 6.0, 6.0, 6.1]),
        ]
    )
    assert_array_equal(seen.bounds, [0.1, np.inf])
    assert_array_equal(seen.counts[0], [[NAN, 2, 0, 1], [NAN, 3, 0, 0]])
    assert_array_equal(seen.first_tokens[0], [NAN, 5, 0, 1])
    assert_allclose(seen.ttft_sum[0], [NAN, 1.0, 0.0, 0.1])
    assert seen.keys[0].ref == PodRef("inference", "vllm-0")


def test_le_reads_1_or_1_0() -> None:
    """Two spellings of one bound are one bucket, also when two servers spell it differently."""
    seen = victims(
        [
            ("ttft_bucket", {"le": "1", "engine": "0"}, [0, 1, 2, 3]),
            ("ttft_bucket", {"le": "+Inf", "engine": "0"}, [0, 2, 4, 6]),
            ("ttft_bucket", {"le": "1.0", "engine": "1"}, [0, 3, 3, 3]),
            ("ttft_bucket", {"le": "+Inf", "engine": "1"}, [0, 3, 3, 3]),
        ]
    )
    assert_array_equal(seen.bounds, [1.0, np.inf])
    assert_array_equal(seen.counts[0][:, 1:], [[4, 1, 1], [1, 1, 1]])


def test_engines_of_one_pod_add_up() -> None:
    """Data-parallel engines serve one model from one pod: one victim."""
    rows: Rows = []
    for engine in ("0", "1"):
        rows += [
            ("ttft_bucket", {"le": "+Inf", "engine": engine}, [0, 2, 4, 6]),
            ("ttft_sum", {"engine": engine}, [0, 1, 2, 3]),
            ("requests_running", {"engine": engine}, [1, 1, 2, 2]),
            ("requests_waiting", {"engine": engine}, [0, 0, 3, 3]),
        ]
    seen = victims(rows)
    assert len(seen.keys) == 1
    assert_array_equal(seen.first_tokens[0], [NAN, 4, 4, 4])
    assert_array_equal(seen.waiting[0], [0, 0, 6, 6])


def test_two_models_of_one_pod_are_two_victims() -> None:
    """Each model has its own normal."""
    seen = victims(
        [
            ("ttft_bucket", {"le": "+Inf", "model_name": "big"}, [0, 2, 4, 6]),
            ("ttft_bucket", {"le": "+Inf", "model_name": "small"}, [0, 9, 9, 9]),
        ]
    )
    assert [key.model_name for key in seen.keys] == ["big", "small"]


def test_a_server_without_a_bound_counts_at_its_next_wider_one() -> None:
    """Servers with different buckets still sum to the right number of requests."""
    seen = victims(
        [
            ("ttft_bucket", {"le": "0.5", "engine": "0"}, [0, 1, 1, 1]),
            ("ttft_bucket", {"le": "+Inf", "engine": "0"}, [0, 2, 2, 2]),
            ("ttft_bucket", {"le": "1.0", "engine": "1"}, [0, 5, 5, 5]),
            ("ttft_bucket", {"le": "+Inf", "engine": "1"}, [0, 5, 5, 5]),
        ]
    )
    assert_array_equal(seen.bounds, [0.5, 1.0, np.inf])
    assert_array_equal(seen.counts[0][:, 1], [1, 5, 1])


def test_a_restart_of_the_server_restarts_all_its_buckets() -> None:
    """A bucket that happens to stand higher than before the restart did restart with the widest one."""
    seen = victims(
        [
            ("ttft_bucket", {"le": "0.1"}, [1, 1, 3, 3]),
            ("ttft_bucket", {"le": "+Inf"}, [50, 51, 4, 4]),
        ]
    )
    assert_array_equal(seen.counts[0][:, 2], [3, 1])


def test_arrivals_are_what_left_and_what_stayed() -> None:
    """Ten wait inside more and two finished: twelve came, though none of the ten was counted as finished yet."""
    seen = victims(
        [
            ("ttft_bucket", {"le": "+Inf"}, [0, 2, 2, 4]),
            ("requests_finished", {"finished_reason": "stop"}, [0, 1, 1, 9]),
            ("requests_finished", {"finished_reason": "abort"}, [0, 1, 1, 1]),
            ("requests_running", {}, [1, 1, 1, 1]),
            ("requests_waiting", {}, [0, 10, 12, 0]),
        ]
    )
    assert_array_equal(seen.arrivals[0], [NAN, 12, 2, 0])


def test_arrivals_are_unknown_without_both_sides_of_the_balance() -> None:
    """What finished alone falls when storage is slow: that is no fall of load."""
    seen = victims(
        [
            ("ttft_bucket", {"le": "+Inf"}, [0, 2, 2, 4]),
            ("requests_finished", {"finished_reason": "stop"}, [0, 1, 1, 9]),
        ]
    )
    assert np.isnan(seen.arrivals).all()


def test_a_bad_bound_is_no_crash() -> None:
    """An `le` that is no number cannot be told from the widest bucket."""
    assert victims([("ttft_bucket", {"le": "what"}, [0, 1, 2, 3])]).first_tokens[0, 1] == 1


def test_without_histograms_there_are_no_victims() -> None:
    """Empty arrays of the right shape, so that everything after it works."""
    seen = victims_of(Frames(GRID, {}))
    assert seen.keys == ()
    assert seen.counts.shape == (0, 1, 4)
    assert seen.first_tokens.shape == (0, 4)


def test_a_plain_scrape_without_pod_labels_is_known_by_its_instance() -> None:
    """A victim need not run in Kubernetes."""
    labels = labels_of({"instance": "gpu7:8000", "le": "+Inf", "model_name": "m"})
    frame = Frame.from_rows("ttft_bucket", GRID, {labels: np.array([0.0, 1, 2, 3])})
    assert victims_of(Frames(GRID, {"ttft_bucket": frame})).keys[0].ref == PodRef("", "gpu7:8000")
