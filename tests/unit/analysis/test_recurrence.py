"""How often a workload was as busy as now while first tokens were normal."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.analysis.recurrence import Days, Now, recurred
from correlator.model.frame import Floats
from tests.oracles.recurrence import counted

STEP = 60
MINUTES_A_DAY = 1440
DAYS = 3
NIGHT = slice(120, 240)  # from 2 to 4 in the morning
NOW = Now(device_time=0.5, seconds=600.0, slow_seconds=0.1)

amounts = st.one_of(st.just(float("nan")), st.floats(0.0, 2.0))
counts = st.one_of(st.just(float("nan")), st.integers(0, 6).map(float))


def daily(usual: float, at_night: float) -> Floats:
    """A value for each minute of some days."""
    day = np.full(MINUTES_A_DAY, usual)
    day[NIGHT] = at_night
    return np.tile(day, DAYS)


def days(busy_at_night: float, ttft_at_night: float = 0.05, requests_at_night: float = 60.0) -> Days:
    """A workload that runs at night, and a victim with a request a second."""
    requests = daily(60.0, requests_at_night)
    return Days(STEP, daily(0.0, busy_at_night), requests, requests * daily(0.05, ttft_at_night))


@settings(max_examples=200)
@given(
    rows=st.lists(st.tuples(amounts, counts, st.floats(0.0, 1.0)), min_size=0, max_size=24),
    level=st.floats(0.0, 2.0),
    seconds=st.integers(1, 400),
)
def test_stretches_are_counted_as_defined(rows: list[tuple[float, float, float]], level: float, seconds: int) -> None:
    """Against every stretch looked at by itself, with gaps, quiet minutes and slow ones anywhere."""
    device_time, requests, ttft = (
        (np.array(column, dtype=float) for column in zip(*rows, strict=True))
        if rows
        else (np.empty(0) for _ in range(3))
    )
    told = Days(STEP, np.round(device_time, 3), requests, np.round(requests * ttft, 3))
    now = Now(device_time=round(level, 3) + 1e-5, seconds=float(seconds), slow_seconds=0.50001)
    found = recurred(told, now)
    expected = counted(
        told.device_time.tolist(),
        told.first_tokens.tolist(),
        told.ttft_sum.tolist(),
        STEP,
        (now.device_time, now.seconds, now.slow_seconds),
    )
    assert (found.blocks, found.hits) == expected


def test_a_job_that_runs_every_night_without_harm_is_usual() -> None:
    """Two hours of each night were as busy: one moment in thirteen."""
    found = recurred(days(0.6), NOW)
    assert found.seen.rises == DAYS
    assert found.seen.regressions == 0
    assert found.p_value == pytest.approx(DAYS * 111 / (DAYS * MINUTES_A_DAY - 9), rel=0.03)


def test_a_job_that_never_ran_before_is_as_unusual_as_days_can_tell() -> None:
    """One in the number of stretches."""
    found = recurred(days(0.0), NOW)
    assert found.hits == found.seen.rises == 0
    assert found.p_value == 1 / (1 + DAYS * MINUTES_A_DAY - 9)


def test_nights_with_regressions_do_not_excuse() -> None:
    """It ran every night and first tokens were slow every night: that tells against it, and is told."""
    found = recurred(days(0.6, ttft_at_night=0.3), NOW)
    assert (found.seen.regressions, found.seen.regressions_with) == (DAYS, DAYS)
    assert found.seen.rises == 0
    assert found.p_value < 0.001


def test_regressions_without_it_are_counted_too() -> None:
    """First tokens were slow at night, whoever did it: not this one."""
    found = recurred(days(0.0, ttft_at_night=0.3), NOW)
    assert (found.seen.regressions, found.seen.regressions_with) == (DAYS, 0)


def test_nights_without_requests_tell_nothing() -> None:
    """Nobody could have been slow; only stretches that reach into the evening are known, and they are not as busy."""
    found = recurred(days(0.6, requests_at_night=0.0), replace(NOW, device_time=0.58))
    assert found.seen.rises == 0
    assert found.blocks < DAYS * (MINUTES_A_DAY - 110)


def test_less_or_shorter_is_no_hit() -> None:
    """As much for as long."""
    assert recurred(days(0.4), NOW).hits == 0
    short = daily(0.0, 0.0)
    short[120:126] = 0.6
    assert recurred(Days(STEP, short, daily(60, 60), daily(3, 3)), NOW).hits == 0
