"""From a judged step to the series that are kept of it."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

from correlator.incidents.book import Book
from correlator.incidents.store import Store
from correlator.incidents.totals import totals
from correlator.model.snapshot import Snapshot
from correlator.publish.samples import Stored, kept
from correlator.timeseries.exported import exported
from correlator.timeseries.head import BLOCK_SECONDS
from correlator.timeseries.keeper import Keeper


class Keeping:
    """Keeps what each step exports, in the step's own transaction."""

    def __init__(self, store: Store, cluster: str) -> None:
        self._keeper = Keeper(store.database, cluster)
        self._cluster = cluster
        self._packed: int | None = None

    def writing(self, step: int, snapshot: Snapshot, book: Book) -> Callable[[Connection], None]:
        """What is to be written beside a step; `book` is the one after it."""

        def write(connection: Connection) -> None:
            newest_first = tuple(reversed(book.open_incidents()))
            stored = Stored(open_incidents=newest_first, totals=totals(connection, self._cluster))
            self._keeper.append(connection, step, exported(kept(snapshot, stored), self._cluster))

        return write

    def written(self) -> None:
        """The step was committed."""
        self._keeper.appended()

    def pack(self, step: int) -> None:
        """Pack the hours that are over; does nothing within one. Raises StoreError."""
        hour = step // BLOCK_SECONDS
        if hour != self._packed:
            self._keeper.pack(step)
            self._packed = hour

    def prune(self, now: float, retention: timedelta, most_bytes: int) -> int:
        """Forget hours that are too old or too many; returns how many. Raises StoreError."""
        return self._keeper.prune(now - retention.total_seconds(), most_bytes)
