"""What a long-lived process holds."""

import gc

from correlator.daemon.resident import give_back, settle


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


def test_memory_is_given_back_as_often_as_one_likes() -> None:
    """Whether or not the C library can."""
    give_back()
    give_back()
