"""What a process that runs for months keeps in memory: nothing that it could give back."""

import ctypes
import gc
import resource
from pathlib import Path

_M_ARENA_MAX = -8
"""The number of this option in glibc's malloc.h."""


def share_heap() -> None:
    """Let all threads of this process take memory from one heap; call it before there are any.

    Answers are received and decoded in four threads. The C library gives each a heap of its own and never returns the
    free end of it: 70 MB in a large cluster. Nothing happens where that library has no `mallopt`.
    """
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return freed memory to the system.

    What a cycle fetched and reckoned with stays with the process otherwise, a tenth of what the engine needs. Nothing
    happens where the C library has no `malloc_trim`.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def resident_bytes() -> int | None:
    """How much memory this process holds now; None where the system has no /proc."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return None
    return int(pages) * resource.getpagesize()


def settle() -> None:
    """Take what is there for good out of the garbage collector's sight: it would look through all of it each time."""
    gc.collect()
    gc.freeze()
    give_back()
