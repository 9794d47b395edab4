"""How much is asked for at once, and how long is waited for what."""

import random
from dataclasses import dataclass

from correlator.kubernetes.errors import AbsentError, ApiError, BusyError, GoneError, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much is asked for at once, and how long things take; durations in seconds.

    A watch is asked to last between the `watch` figures, and given up when nothing at all has arrived for that time and
    the `grace`. One that ends earlier than `short_watch` without a word is not begun anew at once. Every `relist`, give
    or take a fifth, a list is taken anew although nothing is wrong. Pauses after failures grow from `first_pause` to
    `longest_pause`, or to `when_refused`; what the cluster does not have is looked for again after `when_absent`.
    """

    page: int = 500
    watch: tuple[int, int] = (240, 300)
    grace: float = 15.0
    short_watch: float = 5.0
    relist: float = 6 * 3600.0
    first_pause: float = 1.0
    longest_pause: float = 60.0
    when_refused: float = 120.0
    when_absent: float = 600.0
    longest_retry_after: float = 300.0

    def pause(self, error: ApiError, failures: int, rng: random.Random) -> float:
        """Seconds to wait after so many failures in a row.

        Longer with each, never the same for many that failed together, and as long as the server asks for. The first
        time that a history is gone nothing is wrong: a list is due at once.
        """
        match error:
            case GoneError() if failures == 1:
                return 0.0
            case AbsentError():
                longest = shortest = self.when_absent
            case RefusedError():
                longest, shortest = self.when_refused, self.first_pause
            case _:
                longest, shortest = self.longest_pause, self.first_pause
        grown = min(longest, shortest * 2.0 ** min(failures - 1, 10)) * rng.uniform(0.5, 1.0)
        asked = min(error.retry_after_seconds, self.longest_retry_after) if isinstance(error, BusyError) else 0.0
        return max(grown, asked)


USUAL = Pace()
