"""The Prometheus source on a server made of a dictionary."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from correlator.model.frame import BlindSpot
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Signal
from correlator.model.source import SourceError
from correlator.sources.prometheus import PARALLELISM, PrometheusSource
from correlator.sources.session import Access
from tests.unit.sources.fake_prometheus import FakePrometheus, Reply, failure, serving, success

NOW = 1_000_000
READS = Signal(
    name="reads",
    unit="operations",
    kind=Kind.COUNTER,
    aspect=Aspect.IO,
    query="reads",
    labels=("instance", "pod"),
    exporter="e",
    heartbeat="beat",
)
BEAT = replace(READS, name="beat", kind=Kind.HEARTBEAT, query="beat", labels=("instance",), heartbeat="")
INFO = replace(READS, name="info", kind=Kind.INFO, query="max by (pod) (info)", labels=("pod",), heartbeat="")


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    """A server on loopback."""
    with serving(FakePrometheus(now=NOW)) as served:
        yield served


@pytest.fixture
def connect(fake: FakePrometheus) -> Iterator[Callable[[], PrometheusSource]]:
    """Makes sources on the server, which are closed in the end."""
    made: list[PrometheusSource] = []

    def make() -> PrometheusSource:
        made.append(PrometheusSource(fake.url, Access(backoff_seconds=0.0), clock=lambda: NOW))
        return made[-1]

    yield make
    for source in made:
        source.close()


@pytest.fixture
def source(connect: Callable[[], PrometheusSource]) -> PrometheusSource:
    """A source on the server."""
    return connect()


def steady(start: int, count: int, step: int = 1, of: Callable[[int], float] = float) -> dict[int, str]:
    """Samples at each step."""
    return {at: repr(of(at)) for at in range(start, start + count * step, step)}


def test_a_window_is_fetched_whole(fake: FakePrometheus, source: PrometheusSource) -> None:
    """Values, quality, intervals and progress of a window longer than the first part."""
    grid = Grid(NOW - 99, 1, 100)
    fake.series["reads"] = [({"instance": "n1", "pod": "a", "x": "dropped"}, steady(grid.start, 100))]
    fake.series["beat"] = [({"instance": "n1"}, steady(NOW - 999, 1000))]
    done: list[tuple[int, int]] = []
    frames = source.fetch([READS, BEAT], grid, lambda *told: done.append(told))
    assert frames.get("reads").labels == ((("instance", "n1"), ("pod", "a")),)
    assert np.array_equal(frames.get("reads").values[0], grid.times())
    assert frames.intervals == {"reads": 1, "beat": 1}
    assert frames.quality == ()
    assert done == sorted(done)
    assert (done[0], done[-1]) == ((0, 200), (200, 200))


def test_ranges_are_split_under_the_servers_limit(fake: FakePrometheus, source: PrometheusSource) -> None:
    """A window of 25,000 steps is asked for in aligned parts of at most 11,000 points, and nothing is lost between."""
    grid = Grid(0, 15, 25_000)
    fake.series["info(x)"] = [({"pod": "a"}, steady(0, 25_000, 15))]
    frames = source.fetch([replace(INFO, query="info(x)")], grid)
    assert np.array_equal(frames.get("info").values[0], grid.times())
    spans = sorted(
        (int(asked.form["start"]), int(asked.form["end"])) for asked in fake.asked if asked.form["query"] == "info(x)"
    )
    assert len(spans) == 4
    assert all(start % 15 == 0 and end % 15 == 0 and (end - start) // 15 < 11_000 for start, end in spans)
    assert [start for start, _ in spans[1:]] == [end + 15 for _, end in spans[:-1]]


def test_only_the_new_step_is_asked_for(fake: FakePrometheus, source: PrometheusSource) -> None:
    """A window of one step is one question for each signal; intervals are not asked for each time."""
    fake.series["reads"] = [({"instance": "n1"}, steady(NOW, 20))]
    for step in range(5):
        source.fetch([replace(READS, heartbeat="")], Grid(NOW + step, 1, 1))
    assert sum(asked.form["query"] == "reads" for asked in fake.asked) == 5


def test_stale_values_are_missing(fake: FakePrometheus, source: PrometheusSource) -> None:
    """Where the heartbeat stands still, the repeated last value is not known, though the server repeats it."""
    grid = Grid(NOW - 19, 1, 20)
    fake.series["reads"] = [({"instance": "n1", "pod": "a"}, steady(grid.start, 20, of=lambda _: 5.0))]
    fake.series["beat"] = [({"instance": "n1"}, steady(NOW - 999, 1000, of=lambda at: min(at, NOW - 10)))]
    frames = source.fetch([READS, BEAT], grid)
    assert np.isnan(frames.get("reads").values[0]).tolist() == [False] * 12 + [True] * 8
    assert not np.isnan(frames.get("beat").values).any()
    unmasked = source.fetch([READS], grid)
    assert not np.isnan(unmasked.get("reads").values).any()


def test_a_refused_signal_is_a_blind_spot(fake: FakePrometheus, source: PrometheusSource) -> None:
    """One signal that the server refuses leaves an empty frame and its reason; the others are whole."""
    fake.series["reads"] = [({"instance": "n1"}, steady(NOW - 4, 5))]
    broken = replace(INFO, query="info(")
    fake.failing["info("] = failure(400, "bad_data", "unclosed left parenthesis")
    frames = source.fetch([READS, broken], Grid(NOW - 4, 1, 5))
    assert frames.get("info").values.shape == (0, 5)
    assert frames.get("reads").values.shape == (1, 5)
    (spot,) = [spot for spot in frames.quality if spot.signal == "info"]
    assert spot.reason.startswith("failed: http://127.0.0.1")
    assert spot.reason.endswith("HTTP 400: bad_data: unclosed left parenthesis")


def test_nothing_at_all_is_an_error(fake: FakePrometheus, source: PrometheusSource) -> None:
    """When every signal fails, so does the fetch, with the server's reason."""
    fake.replies = [failure(422, "execution", "too many samples")] * 99
    with pytest.raises(SourceError, match="execution: too many samples") as caught:
        source.fetch([READS, BEAT], Grid(NOW, 1, 5))
    assert not caught.value.retriable


def test_a_dead_server_is_given_up_soon(fake: FakePrometheus, source: PrometheusSource) -> None:
    """Forty signals are not asked for one by one when the first show that nobody answers."""
    fake.replies = [Reply(b"", 503)] * 999
    signals = [replace(READS, name=f"s{i}", query=f"s{i}") for i in range(40)]
    with pytest.raises(SourceError, match="HTTP 503") as caught:
        source.fetch(signals, Grid(NOW, 1, 5))
    assert caught.value.retriable
    assert len({asked.form["query"] for asked in fake.asked}) < 20


def test_what_the_server_says_is_quality(fake: FakePrometheus, source: PrometheusSource) -> None:
    """Warnings, infos and partial answers arrive with their signal."""
    fake.extras = {"warnings": ["store down"], "infos": ["no counter"], "isPartial": True}
    frames = source.fetch([INFO], Grid(NOW, 1, 1))
    assert frames.quality == (
        BlindSpot("info", "info: no counter"),
        BlindSpot("info", "partial: store down"),
        BlindSpot("info", "partial: the server answered with a part of its data"),
    )


def test_a_skewed_clock_is_quality(fake: FakePrometheus, source: PrometheusSource) -> None:
    """A server a minute ahead is told with the frames."""
    fake.now = NOW + 60
    assert source.fetch([INFO], Grid(NOW, 1, 1)).quality == (
        BlindSpot("clock", "clock: the server is 60 s ahead of us"),
    )
    assert source.clock_difference_seconds() == 60


def test_an_unknown_interval_is_quality(fake: FakePrometheus, source: PrometheusSource) -> None:
    """Where the interval cannot be asked for, it is told that stale values are not recognised."""
    fake.series["reads"] = [({"instance": "n1"}, steady(NOW - 4, 5))]
    fake.failing["beat"] = failure(422, "execution", "no")
    frames = source.fetch([READS, BEAT], Grid(NOW - 4, 1, 5))
    assert frames.intervals == {}
    assert [spot.reason.split(":")[0] for spot in frames.quality if spot.signal == "beat"] == ["failed", "unknown"]


def test_an_empty_window_asks_nothing(fake: FakePrometheus, source: PrometheusSource) -> None:
    """A grid without steps has frames without columns."""
    assert source.fetch([READS], Grid(NOW, 1, 0)).get("reads").values.shape == (0, 0)
    assert fake.asked == []


def test_labels_with_quotes_and_html_stay(fake: FakePrometheus, source: PrometheusSource) -> None:
    """What stands in a label is handed on as it is."""
    pod = "a\"'<b>&\\"
    fake.series["max by (pod) (info)"] = [({"pod": pod}, steady(NOW, 1))]
    assert source.fetch([INFO], Grid(NOW, 1, 1)).get("info").labels == ((("pod", pod),),)


def test_span_follows_the_retention(fake: FakePrometheus, connect: Callable[[], PrometheusSource]) -> None:
    """The oldest instant is the retention before now where it is told, and the beginning of time elsewhere."""
    assert connect().span(NOW) == (0.0, NOW)
    fake.runtime = {"storageRetention": "1d"}
    assert connect().span(NOW) == (NOW - 86_400, NOW)
    fake.replies = [Reply(b"404 page not found", 404)]
    assert connect().span(NOW) == (0.0, NOW)


def test_probing_counts_series_and_tells_their_age(fake: FakePrometheus, source: PrometheusSource) -> None:
    """For each signal: series, interval, the age of the newest sample, or the reason why nothing is known."""
    fake.series["count(reads)"] = [({}, {NOW: "7"})]
    fake.series["count(beat)"] = [({}, {NOW: "2"})]
    fake.series["beat"] = [({"instance": "n1"}, steady(NOW - 999, 1000, of=lambda at: at - at % 10 - 2))]
    fake.failing["count(max by (pod) (info))"] = failure(400, "bad_data", "no")
    reads, beat, info = source.probe([READS, BEAT, INFO], NOW)
    assert (reads.series, reads.interval, reads.newest_age_seconds, reads.error) == (7, 10, 2.0, "")
    assert (beat.series, beat.interval, beat.newest_age_seconds) == (2, 10, 2.0)
    assert (info.series, info.interval) == (0, None)
    assert info.error.endswith("bad_data: no")


def test_no_series_is_no_error(source: PrometheusSource) -> None:
    """A signal that the server does not have has no series, no age and no error."""
    (state,) = source.probe([INFO], NOW)
    assert (state.series, state.interval, state.newest_age_seconds, state.error) == (0, None, None, "")


def test_intervals_of_a_server_that_refuses_are_an_error(fake: FakePrometheus, source: PrometheusSource) -> None:
    """No interval because nobody answers is not the same as no data."""
    fake.replies = [Reply(b"<html>", 200, {"Content-Type": "text/html"})] * 9
    with pytest.raises(SourceError, match="text/html instead of JSON"):
        source.intervals([READS, BEAT], NOW)


def test_intervals_of_a_server_that_is_gone_are_given_up_at_once(fake: FakePrometheus) -> None:
    """The first connection that fails ends the questions: forty exporters do not wait for their repetitions in turn."""
    fake.replies = [Reply(status=0)] * 999
    source = PrometheusSource(fake.url, Access(backoff_seconds=0.0, retries=1))
    signals = [replace(INFO, name=f"s{i}", exporter=f"e{i}", query=f"max by (pod) (s{i})") for i in range(40)]
    with pytest.raises(SourceError, match="no connection") as caught:
        source.intervals(signals, NOW)
    source.close()
    assert caught.value.retriable
    assert len({asked.form["query"] for asked in fake.asked}) <= 2 * PARALLELISM


def test_the_name_has_no_secrets() -> None:
    """A source is called by its address alone."""
    source = PrometheusSource("https://user:secret@prometheus.example/path/")
    source.close()
    assert source.name == "https://prometheus.example/path"


def test_victoriametrics_is_asked_not_to_cache(fake: FakePrometheus, source: PrometheusSource) -> None:
    """Each range query forbids the cache that shifts its steps, and tells how long we wait."""
    source.fetch([INFO], Grid(NOW, 1, 1))
    assert {
        (asked.form.get("nocache"), asked.form.get("timeout")) for asked in fake.asked if "start" in asked.form
    } == {("1", "61s")}


def test_a_server_without_its_time(fake: FakePrometheus, source: PrometheusSource) -> None:
    """An answer without a time is an error of the question, told as such."""
    fake.replies = [success({"resultType": "vector", "result": []})]
    with pytest.raises(SourceError, match="does not tell its time"):
        source.clock_difference_seconds()


def test_an_interrupt_ends_a_fetch(source: PrometheusSource) -> None:
    """Who interrupts from the progress display is not made to wait for what is queued."""

    def interrupted(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        source.fetch([replace(INFO, name=f"i{i}") for i in range(20)], Grid(NOW, 1, 5), interrupted)
