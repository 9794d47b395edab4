"""Why the lab cannot run, in words."""


class LabError(Exception):
    """The lab cannot be set up here, or a part of it stopped; the message says which and what would help."""
