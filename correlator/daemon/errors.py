"""Why the daemon, or a command, cannot begin.

Exception
├── CompositionError    something it needs was not given
├── ListenError         the address cannot be answered on
└── StoreInUseError     another daemon writes to the store
"""


class CompositionError(Exception):
    """Something that a command needs was not given; the message says what, and how to give it."""


class ListenError(Exception):
    """The address cannot be answered on; the message says which and why."""


class StoreInUseError(Exception):
    """Another daemon writes to the store; the message names both."""
