"""What can become of a delivery, by name: the `outcome` of `correlator_deliveries_total`."""

from enum import StrEnum


class Outcome(StrEnum):
    """Every delivery ends as one of these; `retried` counts attempts that failed and will be repeated."""

    DELIVERED = "delivered"
    RETRIED = "retried"
    REFUSED = "refused"  # the receiver will never take it
    EXPIRED = "expired"  # tried for as long as it is worth telling
    POINTLESS = "pointless"  # what it speaks of is gone
    OUTDATED = "outdated"  # no news any more when it was heard: the daemon was down, or the sink not set
    SUPERSEDED = "superseded"  # a later one tells the same and more


LOST = frozenset({Outcome.REFUSED, Outcome.EXPIRED})
"""Those that somebody may miss: each is named in the log."""
