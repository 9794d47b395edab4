"""Why a command ends without what was asked for."""


class UsageError(Exception):
    """The flags do not make sense together; the message says which and what would."""


class NoAnswerError(Exception):
    """What was asked for is not there; the message says what is."""
