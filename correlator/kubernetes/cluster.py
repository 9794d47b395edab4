"""A cluster as the API tells it: a table and a thread for each kind of object, and what is wrong with them in words."""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from correlator.kubernetes.connection import Transport
from correlator.kubernetes.facts import Fact, Facts, Wanted
from correlator.kubernetes.follow import Follower
from correlator.kubernetes.pace import USUAL, Pace
from correlator.kubernetes.resources import RESOURCES
from correlator.kubernetes.table import Table
from correlator.model.frame import BlindSpot

BELIEVED_SECONDS = 900.0
"""So long what the API said counts after its last word: a pod may have come or gone since."""

QUIET_SECONDS = 330.0
"""A watch that is well says something at least so often: it ends after five minutes."""

KEEP_SECONDS = 2 * 3600.0
"""Deleted objects are remembered for longer than a window."""


CLOSE_SECONDS = 1.0


class Cluster:
    """What the API knows, kept up by threads of its own; whoever asks never waits for the server, but see `wait`."""

    def __init__(
        self,
        connect: Callable[[], Transport],
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        pace: Pace = USUAL,
    ) -> None:
        """`connect` makes a connection for each thread; nothing is asked before `start`."""
        self.tables: Mapping[str, Table[Any]] = {resource.name: Table(KEEP_SECONDS) for resource in RESOURCES}
        self._clock = clock
        self._tried = threading.Condition()
        rng = rng or random.Random()  # noqa: S311 - spreads requests over time
        self.followers = tuple(Follower(each, self.tables[each.name], connect, clock, rng, pace) for each in RESOURCES)
        for follower in self.followers:
            follower.told = self._notice
        self._facts = Facts(self.tables)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to follow."""
        for follower in self.followers:
            thread = threading.Thread(target=follower.run, name=f"kubernetes-{follower.resource.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """End the threads; those that wait for the server are left to end by themselves."""
        for follower in self.followers:
            follower.stop()
        until = time.monotonic() + CLOSE_SECONDS
        for thread in self._threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))

    def wait(self, seconds: float) -> bool:
        """Wait until each kind of object was listed or could not be; False when that took longer."""
        with self._tried:
            return self._tried.wait_for(lambda: all(each.state.has_tried for each in self.followers), seconds)

    def facts(self, wanted: Wanted) -> Mapping[str, Sequence[Fact]]:
        """What is known of the pods that are wanted, by signal."""
        heard = {each.resource.name: each.state.confirmed_at or 0.0 for each in self.followers}
        return self._facts.of(wanted, {name: at + BELIEVED_SECONDS for name, at in heard.items()})

    def quality(self) -> tuple[BlindSpot, ...]:
        """What is not known, or only of old, and why."""
        now = self._clock()
        spots = (self._spot(follower, now) for follower in self.followers)
        return tuple(spot for spot in spots if spot is not None)

    def _notice(self) -> None:
        with self._tried:
            self._tried.notify_all()

    def _spot(self, follower: Follower, now: float) -> BlindSpot | None:
        state, name = follower.state, follower.resource.name
        signal = f"kubernetes/{name}"
        if state.is_absent:
            return None
        if state.is_refused:
            return BlindSpot(signal, f"refused: {state.problem}; deploy/kubernetes/rbac.yaml allows what is needed")
        if state.confirmed_at is None:
            return BlindSpot(signal, f"unlisted: {state.problem or 'the first list is not complete yet'}")
        if now - state.confirmed_at > QUIET_SECONDS:
            since = datetime.fromtimestamp(state.confirmed_at, UTC)
            return BlindSpot(signal, f"stale: nothing heard since {since:%FT%TZ}: {state.problem or 'no answer'}")
        if state.odd:
            return BlindSpot(signal, f"odd: {state.odd} objects could not be read and are left out")
        return None
