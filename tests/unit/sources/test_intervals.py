"""Finding the update interval from sample times."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.catalog import load
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Measured, Signal
from correlator.sources.answer import Answer
from correlator.sources.intervals import (
    LADDER_SECONDS,
    beat_of,
    beats_of,
    groups_of,
    newest_beats,
    slowest,
    snap,
    update_interval,
)

AT = 1_700_000_000
LOOKBACK_SECONDS = 300


class Target:
    """Answers `timestamp(…)` for scrape targets as Prometheus does: at a step, the newest sample of 5 minutes."""

    def __init__(self, **samples: Sequence[float]) -> None:
        self.samples = {name: np.sort(np.array(times, dtype=np.float64)) for name, times in samples.items()}
        self.asked: list[str] = []

    def __call__(self, query: str, grid: Grid) -> Answer:
        """The heartbeat of each target on the grid."""
        self.asked.append(query)
        rows = {name: self._row(times, grid) for name, times in self.samples.items()}
        kept = {name: row for name, row in rows.items() if not np.isnan(row).all()}
        return Answer(
            metrics=[{"instance": name} for name in kept],
            counts=np.array([np.count_nonzero(~np.isnan(row)) for row in kept.values()], dtype=np.int64),
            times=np.concatenate(
                [grid.times()[~np.isnan(row)].astype(float) for row in kept.values()] or [np.empty(0)]
            ),
            values=np.concatenate([row[~np.isnan(row)] for row in kept.values()] or [np.empty(0)]),
        )

    @staticmethod
    def _row(times: "np.typing.NDArray[np.float64]", grid: Grid) -> "np.typing.NDArray[np.float64]":
        steps = grid.times()
        index = np.searchsorted(times, steps, side="right") - 1
        newest = np.where(index >= 0, times[np.maximum(index, 0)] if times.size else np.nan, np.nan)
        return np.where(steps - newest < LOOKBACK_SECONDS, newest, np.nan)


@pytest.mark.parametrize("interval", LADDER_SECONDS)
@given(phase=st.floats(0, 1), jitter=st.floats(0, 0.04), samples=st.integers(5, 30))
def test_every_interval_of_the_ladder_is_found(interval: int, phase: float, jitter: float, samples: int) -> None:
    """From 1 to 60 seconds, with as few as five samples, whatever the phase, with a little jitter."""
    beats = [AT - (phase + k) * interval - jitter * interval * (k % 2) for k in range(samples)]
    assert update_interval(Target(a=beats), "beat", AT) == interval


def test_a_target_gone_for_a_while_still_tells() -> None:
    """Forty minutes after the last sample the interval before it is found, as a backtest or an outage needs it."""
    assert update_interval(Target(a=[AT - 2400 - 15 * k for k in range(20)]), "beat", AT) == 15


def test_a_target_just_back_from_an_outage_tells() -> None:
    """Three samples after a gap tell more than the gap, and looking coarsely at what lies before does not mislead."""
    beats = [AT, AT - 1, AT - 2, *(AT - 400 - k for k in range(300))]
    assert update_interval(Target(a=beats), "beat", AT) == 1


def test_missed_scrapes_do_not_lengthen_the_interval() -> None:
    """The median difference counts."""
    assert update_interval(Target(a=[AT - 10 * k for k in range(20) if k % 5]), "beat", AT) == 10


def test_one_sample_tells_nothing() -> None:
    """Fewer than two samples are no interval; neither is none at all."""
    assert update_interval(Target(a=[AT]), "beat", AT) is None
    assert update_interval(Target(), "beat", AT) is None


def test_samples_after_the_instant_are_not_looked_at() -> None:
    """A backtest does not see the future."""
    beats = [AT - 30 * k for k in range(20)] + [AT + k for k in range(100)]
    assert update_interval(Target(a=beats), "beat", AT) == 30


def test_few_targets_are_asked_for() -> None:
    """Of many targets the five with the newest samples are looked at, so that answers stay small."""
    target = Target(**{f"n{i}": [AT - i - 10 * k for k in range(20)] for i in range(9)})
    assert update_interval(target, "beat", AT) == 10
    assert target.asked[-1].startswith("(beat) and on (instance) (")
    assert [f'"n{i}"' in target.asked[-1] for i in range(9)] == [True] * 5 + [False] * 4


def test_instances_are_quoted() -> None:
    """Quotes, backslashes and dollars in an instance do not become PromQL."""
    target = Target(**{'a"$1\\b': [AT - k for k in range(20)]})
    assert update_interval(target, "beat", AT) == 1
    assert r'"a\"$$1\\b"' in target.asked[-1]


def test_the_newest_beats_are_looked_for_an_hour_back() -> None:
    """Where nothing is known at the instant itself, what was newest within the hour counts."""
    assert newest_beats(Target(a=[AT - 3000]), "beat", AT) == {"a": AT - 3000}
    assert newest_beats(Target(a=[AT - 4000]), "beat", AT) == {}


@pytest.mark.parametrize(
    ("seconds", "step"),
    [(0.3, 1), (1.2, 1), (3, 2), (3.3, 5), (12, 10), (13, 15), (17, 15), (25, 30), (45, 60), (999, 60)],
)
def test_snapping_is_by_ratio(seconds: float, step: int) -> None:
    """The step of the ladder nearest in ratio."""
    assert snap(seconds) == step


def signal(name: str, query: str = "q", kind: Kind = Kind.COUNTER, heartbeat: str = "", exporter: str = "e") -> Signal:
    """A signal."""
    return Signal(
        name=name, unit="u", kind=kind, aspect=Aspect.IO, query=query, labels=(), exporter=exporter, heartbeat=heartbeat
    )


@pytest.mark.parametrize(
    ("query", "beat"),
    [
        ("max by (pod) (kube_pod_info)", "max by (instance) (timestamp(kube_pod_info))"),
        ('sum by (a, b) (x{pod!="",y=~"R|W(a)}"})', 'max by (instance) (timestamp(x{pod!="",y=~"R|W(a)}"}))'),
        ("max by (a) ({__name__='vllm:x'})", 'max by (instance) (timestamp({__name__="vllm:x"}))'),
        ("max by (a) (rate(x[5m]))", "max by (instance) (timestamp(x))"),
        ('max by (a) (x{b="c"} or y{d="e"})', 'max by (instance) (timestamp(x{b="c"}) or timestamp(y{d="e"}))'),
        ("x + x", "max by (instance) (timestamp(x))"),
        ("vector(1)", None),
        ("max by (a) ()", None),
    ],
)
def test_beats_come_from_selectors(query: str, beat: str | None) -> None:
    """The time of samples can be asked for wherever a query selects series."""
    assert beat_of(signal("s", query)) == beat


def test_every_bundled_signal_has_a_beat() -> None:
    """Each signal of the bundled catalogue tells its interval, if only by itself."""
    assert all(beat_of(signal) for signal in load())


def test_signals_share_by_heartbeat_and_by_exporter() -> None:
    """Signals of one heartbeat form a group with it, signals of one exporter without heartbeat form another."""
    beat = signal("beat", "b", Kind.HEARTBEAT)
    one, two = signal("one", heartbeat="beat"), signal("two", exporter="other")
    groups = groups_of([one, beat, two])
    assert list(groups.values()) == [[one, beat], [two]]
    assert beats_of([one, beat]) == ["b"]


def test_without_the_heartbeat_members_tell_in_turn() -> None:
    """A group whose heartbeat is not asked for is told by its members."""
    one, two = signal("one", "max by (a) (x)", heartbeat="beat"), signal("two", "1", heartbeat="beat")
    assert beats_of([one, two]) == ["max by (instance) (timestamp(x))"]


def test_each_supplier_of_a_heartbeat_has_a_group_of_its_own() -> None:
    """Exporters that supply one heartbeat are looked at apart; who supplies none goes by the first that does."""
    first, second = signal("beat", "1", Kind.HEARTBEAT, exporter="a"), signal("beat", "2", Kind.HEARTBEAT, exporter="b")
    of_second, of_nobody = signal("x", heartbeat="beat", exporter="b"), signal("x", heartbeat="beat", exporter="c")
    assert list(groups_of([first, of_second, of_nobody, second]).values()) == [
        [first, of_nobody],
        [of_second, second],
    ]


def test_the_slowest_supplier_tells_the_interval() -> None:
    """Of several servers the slowest counts; a gateway only where nobody else supplies the signal."""
    quick, slow = signal("x", exporter="a"), signal("x", exporter="b")
    gateway = replace(signal("x", exporter="g"), measured=Measured.GATEWAY)
    alone = replace(gateway, name="y")
    assert slowest({quick: 15, slow: 30, gateway: 60, alone: 60}) == {"x": 30, "y": 60}
