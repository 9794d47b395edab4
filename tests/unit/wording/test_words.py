"""Quantities as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from correlator.model.finding import SuspectKind
from correlator.wording import words
from tests.factories import make_bystander, make_suspect, make_unattributed


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.0, "0 ms"), (0.0002, "200 µs"), (0.0094, "9.4 ms"), (0.242, "242 ms"), (1.5, "1.5 s"), (12345.0, "12,345 s")],
)
def test_durations(seconds: float, written: str) -> None:
    """A latency has three digits and the unit that fits."""
    assert words.duration(seconds) == written


@pytest.mark.parametrize(
    ("seconds", "written"), [(12.4, "12 s"), (754, "12 min"), (7500, "2 h 5 min"), (200_000, "2 d 7 h")]
)
def test_spans(seconds: float, written: str) -> None:
    """How long something lasts is told in the two largest units."""
    assert words.span(seconds) == written


@pytest.mark.parametrize(("ratio", "written"), [(0.0, "0 %"), (0.004, "0.4 %"), (0.97, "97 %"), (1.0, "100 %")])
def test_ratios(ratio: float, written: str) -> None:
    """A ratio is a percentage; a small one is not rounded to nothing."""
    assert words.percent(ratio) == written


@pytest.mark.parametrize(
    ("rate", "written"), [(0, "0 B/s"), (1.2e5, "120 kB/s"), (4.13e8, "413 MB/s"), (2.5e9, "2.5 GB/s")]
)
def test_byte_rates(rate: float, written: str) -> None:
    """Bytes a second come in decimal units."""
    assert words.byte_rate(rate) == written


def test_numbers() -> None:
    """Small numbers have three digits, large ones separators."""
    assert (words.number(31.53), words.number(4100), words.rate(3150.0)) == ("31.5", "4,100", "3,150/s")


def test_lags() -> None:
    """When a suspect rose is told from the onset: before, at, after."""
    assert [words.lag(each) for each in (-1.0, 0.0, 15.0)] == ["1 s before", "at the onset", "15 s after"]


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_unknown_is_a_dash(unknown: float | None) -> None:
    """What is not known is a dash, never 0."""
    written = {write(unknown) for write in (words.duration, words.span, words.percent, words.number, words.byte_rate)}
    assert written == {"–"}
    assert not words.is_known(unknown)
    assert words.moment(None) == "–"


def test_moments_are_utc() -> None:
    """An instant of any zone is told in UTC."""
    at = datetime(2026, 11, 23, 3, 4, 15, tzinfo=timezone(timedelta(hours=1)))
    assert words.moment(at) == "2026-11-23 02:04:15 UTC"
    assert words.machine_moment(at.astimezone(UTC)) == "2026-11-23T02:04:15Z"


def test_suspects_are_named() -> None:
    """Pods, nodes and what no pod accounts for have names."""
    node = make_bystander(kind=SuspectKind.NODE, node="n1")
    assert [words.suspect_name(each) for each in (make_suspect(), node, make_unattributed())] == [
        "rag/reindex-28812345-h8kz2",
        "node n1",
        "I/O that no pod accounts for",
    ]
