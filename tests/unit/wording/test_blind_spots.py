"""Blind spots in plain words."""

from correlator import catalog
from correlator.wording.blind_spots import plain_words


def test_every_signal_of_the_catalogue_has_plain_words() -> None:
    """Nobody has to know our signals to understand what is not seen, but for other symptoms than first tokens."""
    vague = plain_words("no such signal")
    unnamed = {signal.name for signal in catalog.load() if plain_words(signal.name) == vague}
    assert {name.split("_")[0] for name in unnamed} <= {"etcd", "postgresql", "generation", "namespace", "volume"}


def test_the_longest_prefix_decides() -> None:
    """A pod's pressure is not its I/O, and its claims are neither."""
    said = {plain_words(name).unseen for name in ("pod_reads", "pod_io_waiting", "pod_claims", "pod_owner")}
    assert len(said) == 4
