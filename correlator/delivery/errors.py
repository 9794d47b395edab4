"""How a delivery can fail: the type says whether trying again may help.

DeliveryError
├── TransientError    the receiver is down, busy or does not know us: the parcel is kept and tried again
├── RefusedError      the receiver will never take this parcel: it is counted and left
└── PointlessError    what it speaks of is not there any more: nothing to deliver
"""


class DeliveryError(Exception):
    """A parcel was not delivered; the message says where and why, without secrets."""


class TransientError(DeliveryError):
    """It may succeed later; `retry_after_seconds` where the receiver says when, else 0."""

    def __init__(self, message: str, *, retry_after_seconds: float = 0.0) -> None:
        """Say in `message` what the receiver said."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RefusedError(DeliveryError):
    """The same again would be refused again."""


class PointlessError(DeliveryError):
    """A pod that is gone, or whose name another pod has now."""
