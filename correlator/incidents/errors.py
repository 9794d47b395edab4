"""What can go wrong with the store.

Exception
├── StoreError                the database; `retriable` says whether the same call may succeed later
│   ├── StoreBusyError             another process holds the lock longer than the busy timeout     retriable
│   ├── StoreFullError             no space left; the last committed step is intact                retriable
│   ├── StoreUnavailableError      cannot be opened, read-only, I/O error, server gone             retriable
│   ├── StoreConflictError         somebody else has moved the state on: resume and go on          retriable
│   ├── StoreCorruptError          not a database, damaged, or not ours: nothing is touched        permanent
│   └── StoreTooNewError           written by a newer version of this program                      permanent
└── ValueError
    └── InvalidQueryError          a filter, limit or cursor that cannot be answered; names the field
"""

from typing import ClassVar


class StoreError(Exception):
    """A failure of the database. The message says what failed, where, and what to do about it."""

    retriable: ClassVar[bool] = False

    def __init__(self, where: str, what: str, remedy: str) -> None:
        """`where` is the database's path or its address without secrets."""
        super().__init__(f"{where}: {what}: {remedy}" if remedy else f"{where}: {what}")
        self.where = where
        self.what = what
        self.remedy = remedy


class StoreBusyError(StoreError):
    """Another process held the database's lock for longer than the busy timeout."""

    retriable = True


class StoreFullError(StoreError):
    """The disk has no room for the transaction, which was rolled back."""

    retriable = True


class StoreUnavailableError(StoreError):
    """The database cannot be reached or written now: permissions, an I/O error, a server that is down."""

    retriable = True


class StoreConflictError(StoreError):
    """The stored state is not the one that the step follows: another writer serves the same cluster."""

    retriable = True


class StoreCorruptError(StoreError):
    """The file is no database, is damaged, or belongs to another program. It is left as it is."""


class StoreTooNewError(StoreError):
    """The database was migrated by a newer version of this program."""


class InvalidQueryError(ValueError):
    """A question that cannot be answered; `field` names the part at fault."""

    def __init__(self, field: str, expected: str) -> None:
        """`expected` completes the sentence "`field`: …"."""
        super().__init__(f"{field}: {expected}")
        self.field = field
