"""Errors with Prometheus' types and statuses."""

from http import HTTPStatus
from typing import Final

_STATUS: Final = {
    "bad_data": HTTPStatus.BAD_REQUEST,
    "execution": HTTPStatus.UNPROCESSABLE_ENTITY,
    "timeout": HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
}


class ApiError(Exception):
    """An answer that is no success; `kind` is what Prometheus calls `errorType`."""

    def __init__(self, kind: str, message: str) -> None:
        """`message` is a sentence for the person who asked."""
        super().__init__(message)
        self.kind = kind
        self.message = message

    @property
    def status(self) -> HTTPStatus:
        """How HTTP says it."""
        return _STATUS[self.kind]


def invalid(parameter: str, message: object) -> ApiError:
    """A parameter is wrong, in Prometheus' words."""
    return ApiError("bad_data", f'invalid parameter "{parameter}": {message}')
