"""Recordings are judged alike through a real VictoriaMetrics; `make victoria` does so for all of them."""

from collections.abc import Iterator

import pytest

from tests.scenarios.victoria import Played, agree, from_recording, in_victoria_metrics

CHOSEN = ("one_writer", "cadvisor_gone", "own_io")
"""Contention, a blind spot, and the victim's own I/O."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """Holds the chosen recordings."""
    with in_victoria_metrics(tmp_path_factory.mktemp("victoria"), CHOSEN) as played:
        yield played


@pytest.mark.parametrize("name", CHOSEN)
def test_victoria_metrics_has_the_same_incidents(server: Played, name: str) -> None:
    """Victim, verdict and accused are those of the recording, the onset lies within two scrapes."""
    ours, tolerance = from_recording(name)
    theirs = server.through(name)
    assert agree(theirs, ours, tolerance), (theirs, ours)
    assert theirs
