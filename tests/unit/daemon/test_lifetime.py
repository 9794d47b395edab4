"""Who may use a store."""

import os
from pathlib import Path

import pytest

from correlator.daemon.errors import StoreInUseError
from correlator.daemon.lifetime import claim_store


def test_store_is_claimed_by_one(tmp_path: Path) -> None:
    """The second is told who has it; once the first lets go, it is free."""
    store = tmp_path / "new" / "correlator.db"
    first = claim_store(store)
    assert first is not None
    with first, pytest.raises(StoreInUseError, match=rf"process {os.getpid()}\) uses {store}"):
        claim_store(store)
    again = claim_store(store)
    assert again is not None
    again.close()


def test_claim_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    """Where the directory cannot be made, the store itself says why."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert claim_store(tmp_path / "file" / "correlator.db") is None
