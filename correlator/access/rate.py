"""How often one may ask: a bucket for each client, by the generic cell rate algorithm of ITU-T I.371."""

import itertools
import time
from collections.abc import Callable, Hashable

MOST_CLIENTS = 10_000
_ROUNDING_SECONDS = 1e-6


class RateLimiter:
    """So many requests a minute, as many at once; from one thread or under the caller's lock.

    A client is remembered only until its bucket is full again, and at most `MOST_CLIENTS` of them: who comes with ever
    new addresses takes no memory.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds_each = 60.0 / per_minute
        self._clock = clock
        self._full_at: dict[Hashable, float] = {}

    def take(self, client: Hashable, cost: int = 1) -> float:
        """0 where the client may go on, else in how many seconds; what is refused costs nothing."""
        now = self._clock()
        full_at = max(self._full_at.get(client, now), now) + cost * self._seconds_each
        if (wait := full_at - now - 60.0) > _ROUNDING_SECONDS:
            return wait
        self._full_at.pop(client, None)
        self._full_at[client] = full_at  # at the end: the order of the dictionary is that of the last request
        self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Two at a time, so that there never are more than are in use."""
        for client in list(itertools.islice(self._full_at, 2)):
            if self._full_at[client] <= now or len(self._full_at) > MOST_CLIENTS:
                del self._full_at[client]
