"""Who lives how long: a child never outlives its parent, and one daemon uses a store at a time."""

import ctypes
import fcntl
import os
import signal
import sys
from pathlib import Path
from typing import IO

from correlator.daemon.errors import StoreInUseError

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Ask the kernel to end this process when its parent ends; where it cannot, a broken pipe does it later."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(0)


def claim_store(path: Path) -> IO[str] | None:
    """Claim a store for this process, for as long as the returned file is open.

    Raises StoreInUseError when another process has it. None where no claim can be made: the store itself will say why.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(path.name + ".lock").open("a+", encoding="utf-8")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        file.close()
        raise StoreInUseError(
            f"another correlator (process {owner}) uses {path}: stop it, or give this one another store.path"
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
