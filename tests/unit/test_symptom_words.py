"""What pages, pictures and terminals say of a symptom."""

from dataclasses import replace

import pytest

from correlator.cli.finding_text import as_text
from correlator.model.finding import NO_TTFT, SymptomEffect
from correlator.model.symptom_words import symptom_words
from correlator.picture import draw
from tests.factories import make_evidence, make_finding, make_incident, make_victim
from tests.unit.test_picture import words_in

FSYNC = SymptomEffect(
    name="etcd_fsync",
    quantity="WAL fsync time",
    things="WAL fsyncs",
    unit="seconds",
    statistic="p95",
    baseline=0.0021,
    observed=0.034,
    ratio=16.2,
    affected=4100,
    stopped=False,
    silent=False,
)
TOKENS = replace(
    FSYNC,
    name="tokens_per_second",
    quantity="tokens per second of each running request",
    things="tokens",
    unit="tokens/second",
    baseline=40.2,
    observed=9.87,
)


@pytest.mark.parametrize(
    ("effect", "title", "change"),
    [
        (FSYNC, "WAL fsync time, p95", "2.1 ms → 34 ms"),
        (replace(FSYNC, observed=1.5), "WAL fsync time, p95", "2.1 ms → 1.5 s"),
        (replace(FSYNC, baseline=None), "WAL fsync time, p95", "unknown → 34 ms"),
        (TOKENS, "tokens per second of each running request", "40.2 → 9.87"),
        (replace(FSYNC, observed=None, stopped=True), "WAL fsync time, p95", "no WAL fsyncs, while requests wait"),
        (
            replace(FSYNC, observed=None, stopped=True, silent=True),
            "WAL fsync time, p95",
            "no WAL fsyncs, and nobody is known to wait",
        ),
    ],
)
def test_words_for_each_way_to_get_worse(effect: SymptomEffect, title: str, change: str) -> None:
    """In the symptom's own unit."""
    words = symptom_words(effect)
    assert words is not None
    assert (words.title, words.change) == (title, change)


def test_first_tokens_need_no_words_unless_they_stopped_in_silence() -> None:
    """`ttft` says it all."""
    ttft = replace(FSYNC, name="ttft", things="first tokens", observed=None, stopped=True)
    assert symptom_words(None) is None
    assert symptom_words(ttft) is None
    silent = symptom_words(replace(ttft, silent=True))
    assert silent is not None
    assert silent.change == "no first tokens, and nobody is known to wait"


def test_a_terminal_and_a_picture_tell_of_the_symptom() -> None:
    """And not of a TTFT that nobody measured."""
    changes = {"victim": make_victim(symptom=FSYNC.name), "symptom": FSYNC, "ttft": NO_TTFT}
    text = as_text(make_finding(**changes))
    assert "WAL fsync time, p95: 2.1 ms → 34 ms, 4,100 WAL fsyncs" in text
    assert "TTFT p95" not in text
    assert "\nttft_" not in text
    picture = words_in(draw(make_incident(**changes), make_evidence(steps=20, gap=None)))
    assert any("Time of WAL fsyncs" in words for words in picture)
    assert not any("Time to first token" in words for words in picture)
