"""What a long-lived process holds."""

import gc
import platform
import subprocess
import sys

import pytest

from correlator.daemon.resident import resident_bytes, settle

needs_glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries keep little, or tell none"
)


def test_what_is_there_for_good_is_not_looked_through_again() -> None:
    """The collector forgets it; what comes later is collected as ever."""
    try:
        settle()
        assert gc.get_freeze_count() > 0
        again: list[object] = []
        again.append(again)
        del again
        assert gc.collect() > 0
    finally:
        gc.unfreeze()


def test_process_knows_what_it_holds() -> None:
    """What it takes shows, to within what else happens meanwhile."""
    before = resident_bytes()
    taken = bytearray(b"x") * 50_000_000
    after = resident_bytes()
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(len(taken), rel=0.2)


HELD = """
import sys
from concurrent.futures import ThreadPoolExecutor
from correlator.daemon import resident

def megabytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096 / 1e6

def hold(_):
    blocks = [bytearray(60_000) for _ in range(500)]
    return blocks.pop() if keep else None

step, keep = sys.argv[1], sys.argv[1] == "give_back"
if step == "share_heap" and sys.argv[2] == "yes":
    resident.share_heap()
bytearray(30_000_000)  # a block this large that was freed makes the C library keep more for later
before = megabytes()
with ThreadPoolExecutor(1 if keep else 4) as pool:
    kept = [hold(0)] if keep else list(pool.map(hold, range(4)))
    if step == "share_heap" or sys.argv[2] == "yes":
        resident.give_back()
    print(megabytes() - before)
"""


def held_megabytes(step: str, *, taken: bool) -> float:
    """What a process of its own still holds of 30 MB or more that it freed, with or without a step against that."""
    command = [sys.executable, "-c", HELD, step, "yes" if taken else "no"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@needs_glibc
def test_freed_memory_is_given_back() -> None:
    """Although a block at the end of the heap is still in use."""
    assert held_megabytes("give_back", taken=False) > 20
    assert held_megabytes("give_back", taken=True) < 5


@needs_glibc
def test_freed_memory_of_threads_is_given_back() -> None:
    """A heap of their own would keep what they had."""
    assert held_megabytes("share_heap", taken=False) > 20
    assert held_megabytes("share_heap", taken=True) < 5
