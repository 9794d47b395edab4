"""An inference server's queue, held against a literal walk from event to event."""

import numpy as np
import pytest

from tests.simulator.case import Floats
from tests.simulator.serving import Work, serve_requests

TICK = 2.0


def walked(work: Work, slots: int, times: Floats, pace: Floats) -> list[float]:
    """First tokens by small steps of time: slow, and plain."""
    step = 0.005
    number, now = len(work.at), 0.0
    left = work.reads.copy()
    state = ["due"] * number
    remaining = work.compute.copy()
    first = [np.inf] * number
    computing: int | None = None
    ready: list[int] = []
    while any(each != "done" for each in state):
        inside = sum(each in {"reading", "ready", "computing"} for each in state)
        for index in range(number):
            if state[index] == "due" and work.at[index] <= now and inside < slots:
                state[index] = "reading"
                inside += 1
        speed = pace[min(int((now - times[0]) / TICK), len(pace) - 1)]
        for index in [i for i in range(number) if state[i] == "reading"]:
            left[index] -= speed * step
            if left[index] <= 0:
                state[index] = "ready"
                ready.append(index)
        if computing is None and ready:
            computing = ready.pop(0)
            state[computing] = "computing"
        if computing is not None:
            remaining[computing] -= step
            if remaining[computing] <= 0:
                first[computing], state[computing], computing = now + step, "done", None
        now += step
    return first


@pytest.mark.parametrize("slots", [1, 2, 3, 50])
def test_first_tokens_come_when_a_literal_walk_says(slots: int) -> None:
    """Waiting for slots, reading at a changing pace, one accelerator: all as in the walk, up to its steps."""
    rng = np.random.default_rng(slots)
    times = np.arange(0.0, 60.0, TICK)
    pace = rng.uniform(20.0, 200.0, len(times))
    work = Work(
        at=np.sort(rng.uniform(0.0, 40.0, 60)), reads=rng.uniform(5.0, 60.0, 60), compute=rng.uniform(0.1, 0.8, 60)
    )
    found = serve_requests(work, slots, times, pace)
    expected = np.array(walked(work, slots, times, pace))
    assert np.abs(np.sort(found.first_token_at) - np.sort(expected)).max() < 0.8
    assert np.abs(found.first_token_at - expected).mean() < 0.1


def test_slots_that_never_run_out_change_nothing() -> None:
    """The direct answer and the walk from event to event agree where both hold."""
    rng = np.random.default_rng(1)
    times = np.arange(0.0, 4000.0, TICK)
    pace = rng.gamma(2.0, 20.0, len(times))
    at = np.cumsum(rng.exponential(1.0, 3000))
    work = Work(at, rng.gamma(5.0, 2.0, 3000), rng.gamma(2.0, 0.2, 3000))
    plenty = serve_requests(work, 10_000, times, pace)
    inside = max(int((plenty.first_token_at[:i] > now).sum()) + 1 for i, now in enumerate(at))
    exact = serve_requests(work, inside - 3, times, pace)
    same = np.isclose(plenty.first_token_at, exact.first_token_at)
    assert same.mean() > 0.9
    assert (exact.started_at > plenty.started_at).any()


def test_nobody_is_served_before_they_come() -> None:
    """Times of a request are in order, and reads that outlast the simulation end after it."""
    times = np.arange(0.0, 20.0, TICK)
    work = Work(np.array([1.0, 2.0, 19.0]), np.array([10.0, 0.0, 500.0]), np.array([0.1, 0.1, 0.1]))
    found = serve_requests(work, 2, times, np.full(len(times), 10.0))
    assert (found.started_at >= work.at).all()
    assert (found.read_at >= found.started_at).all()
    assert (found.first_token_at >= found.read_at).all()
    assert found.first_token_at[2] == pytest.approx(19.0 + 50.0 + 0.1)
