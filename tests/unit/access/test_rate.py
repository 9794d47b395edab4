"""How often one may ask."""

import pytest

from correlator.access import RateLimiter, rate


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


def test_a_minute_has_so_many_requests_and_no_more() -> None:
    """All at once or spread; then one more as each of them would come."""
    clock = Clock()
    limiter = RateLimiter(60, clock)
    assert [limiter.take("a") for _ in range(60)] == [0.0] * 60
    assert limiter.take("a") == pytest.approx(1.0)
    clock.now += 0.5
    assert limiter.take("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert limiter.take("a") == 0.0
    assert limiter.take("a") == pytest.approx(1.0)


def test_clients_do_not_pay_for_one_another() -> None:
    """Each has its own."""
    limiter = RateLimiter(1, Clock())
    assert limiter.take("a") == 0.0
    assert limiter.take("a") == pytest.approx(60.0)
    assert limiter.take("b") == 0.0


def test_what_costs_more_is_allowed_less_often() -> None:
    """A failure counts as many requests."""
    limiter = RateLimiter(100, Clock())
    assert limiter.take("a", 60) == 0.0
    assert limiter.take("a", 60) > 0.0
    assert limiter.take("a", 40) == 0.0


def test_ever_new_clients_take_no_memory() -> None:
    """Those whose bucket is full again are forgotten, and never more than some are remembered."""
    clock = Clock()
    limiter = RateLimiter(60, clock)
    for number in range(100):
        limiter.take(number)
        clock.now += 2.0
    assert len(limiter._full_at) <= 2
    for number in range(2 * rate.MOST_CLIENTS):
        limiter.take(number)
    assert len(limiter._full_at) <= rate.MOST_CLIENTS
