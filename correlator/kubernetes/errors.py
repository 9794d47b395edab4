"""What can go wrong with the API, in words.

ApiError
├── GoneError       410: the history that was asked for is no longer kept, list anew
├── RefusedError    401 and 403: not known, or not allowed
├── AbsentError     404: the server knows no such objects
├── ConflictError   409: an object of that name is there already
├── InvalidError    400, 413 and 422: what was written is not acceptable
└── BusyError       429 and 5xx: later; `retry_after_seconds` where the server says when
"""


class ApiError(Exception):
    """The API could not be reached, or its answer could not be read: it may succeed later."""


class GoneError(ApiError):
    """A resource version or a continue token is too old."""


class RefusedError(ApiError):
    """We are not known, or not allowed. `is_unknown`: not known, so that credentials are read anew."""

    def __init__(self, message: str, *, is_unknown: bool) -> None:
        """Say in `message` what was refused."""
        super().__init__(message)
        self.is_unknown = is_unknown


class AbsentError(ApiError):
    """No such objects: a custom resource that is not installed."""


class ConflictError(ApiError):
    """There is an object of that name."""


class InvalidError(ApiError):
    """The server will not take what was written."""


class BusyError(ApiError):
    """The server asks to come back later."""

    def __init__(self, message: str, *, retry_after_seconds: float = 0.0) -> None:
        """Say in `message` what the server said."""
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
