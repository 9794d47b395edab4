"""T and S of the command line."""

from datetime import UTC, datetime

import pytest

from correlator.cli.times import parse_instant, parse_step

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("-2h", NOW - 7200),
        ("-1h30m", NOW - 5400),
        ("+15s", NOW + 15),
        ("1700000000", 1_700_000_000.0),
        ("1700000000.5", 1_700_000_000.5),
        ("2026-11-23T02:04:00Z", datetime(2026, 11, 23, 2, 4, tzinfo=UTC).timestamp()),
        ("2026-11-23T03:04:00+01:00", datetime(2026, 11, 23, 2, 4, tzinfo=UTC).timestamp()),
    ],
)
def test_instant_has_three_spellings_and_a_word(text: str, expected: float) -> None:
    """RFC 3339, epoch seconds, relative, and now."""
    assert parse_instant(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-23T02:04:00", "2h", "-2", "-2 h", "12:00"])
def test_other_instants_are_refused(text: str) -> None:
    """A time without a zone means another instant on every machine: it is refused like any other riddle."""
    with pytest.raises(ValueError, match="expected"):
        parse_instant(text, NOW)


def test_step_is_whole_seconds() -> None:
    """The grid counts seconds."""
    assert parse_step("1m") == 60
    for text in ("500ms", "15", "1500ms"):
        with pytest.raises(ValueError, match="expected"):
            parse_step(text)
