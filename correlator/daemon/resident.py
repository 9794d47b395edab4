"""What a process that runs for months keeps in memory: nothing that it could give back."""

import ctypes
import gc


def give_back() -> None:
    """Return freed memory to the system.

    An answer of 20,000 series is decoded into small objects in four threads. The C library keeps for each thread what
    those held, a quarter of what the engine needs otherwise. Nothing happens where that library has no `malloc_trim`.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def settle() -> None:
    """Take what is there for good out of the garbage collector's sight: it would look through all of it each time."""
    gc.collect()
    gc.freeze()
    give_back()
