"""Moments as the store counts them: whole microseconds, and whole seconds for steps."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(at: datetime) -> int:
    """An instant (with its time zone) as whole microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def from_microseconds(at_us: int) -> datetime:
    """The inverse of `microseconds`, in UTC."""
    return EPOCH + timedelta(microseconds=at_us)


def instant(at: int) -> datetime:
    """The moment of a step, which is told in epoch seconds."""
    return EPOCH + timedelta(seconds=at)
