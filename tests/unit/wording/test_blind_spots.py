"""Blind spots in plain words."""

from correlator import catalog
from correlator.wording.blind_spots import plain_words


def test_signals_have_plain_words() -> None:
    """Nobody has to know our signals to understand what is not seen: those of a verdict all, of the others most."""
    vague = plain_words("no such signal")
    names = {signal.name for signal in catalog.load()}
    unnamed = {name for name in names if plain_words(name) == vague}
    assert len(unnamed) <= len(names) / 10
    needed = {"ttft_bucket", "requests_finished", "pod_reads", "pod_io_waiting", "disk_queue_time", "kubernetes/pods"}
    assert vague not in {plain_words(name) for name in needed}


def test_the_longest_prefix_decides() -> None:
    """A pod's pressure is not its I/O, and its claims are neither."""
    said = {plain_words(name).unseen for name in ("pod_reads", "pod_io_waiting", "pod_claims", "pod_owner")}
    assert len(said) == 4
