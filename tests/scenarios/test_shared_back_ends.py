"""On a back end that ten nodes share whoever did it is named, and nobody else."""

import pytest

from tests.scenarios.ten_nodes import CASES


@pytest.mark.parametrize("seed", [1101, 1102])
@pytest.mark.parametrize("name", CASES)
def test_culprits_are_named_and_nobody_else(name: str, seed: int) -> None:
    """By NFS and by RBD in turn; where the back end is quiet, or got slow by itself, nobody is."""
    cluster, verdict, culprits = CASES[name](seed)
    played = cluster.played(seed)
    assert (played.last.verdict, frozenset(played.accused)) == (verdict, culprits)
