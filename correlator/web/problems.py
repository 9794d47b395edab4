"""Every error as RFC 9457 problem details, naming the field at fault; never a traceback."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from correlator.incidents.errors import InvalidQueryError, StoreError
from correlator.web.respond import encode

MEDIA_TYPE = "application/problem+json"


class FieldFault(BaseModel):
    """One field at fault: where it stood (`query`, `path`, `body`), its name, and what was expected."""

    location: str
    field: str
    message: str


class ProblemDetails(BaseModel):
    """RFC 9457; `errors` names the fields at fault, `reasons` say why the daemon is not ready."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldFault] | None = None
    reasons: list[str] | None = None


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An answer that is no success."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[FieldFault] = (),
        reasons: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`detail` is a sentence for the person who asked."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.reasons = reasons
        self.headers = headers


def field_fault(location: str, field: str, message: str) -> Problem:
    """A problem with one field of the request."""
    fault = FieldFault(location=location, field=field, message=message)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{location} {field}: {message}", errors=(fault,))


def not_found(what: str, name: str) -> Problem:
    """Nothing has that name."""
    return Problem(HTTPStatus.NOT_FOUND, f"no {what} {name!r} is known")


def respond_with(problem: Problem) -> Response:
    """The problem as an answer."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        body["errors"] = [fault.model_dump() for fault in problem.errors]
    if problem.reasons:
        body["reasons"] = list(problem.reasons)
    return Response(encode(body), problem.status, problem.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of the application a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(InvalidQueryError, _on_query)
    app.add_exception_handler(StoreError, _on_store)
    app.add_exception_handler(Exception, _on_crash)


def describe(openapi: dict[str, Any]) -> None:
    """Correct a description in place: errors are problem details under their own media type, also those of 422."""
    for methods in openapi["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)  # FastAPI's own model of errors; "4XX" says what ours are
            for answer in operation["responses"].values():
                content = answer.get("content", {})
                for media_type, described in list(content.items()):
                    if described.get("schema", {}).get("$ref", "").endswith("/ProblemDetails"):
                        content[MEDIA_TYPE] = content.pop(media_type)
    for name in ("HTTPValidationError", "ValidationError"):
        openapi["components"]["schemas"].pop(name, None)


def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it alone
    return respond_with(error)


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"nothing is at {request.url.path}"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.url.path} does not take {request.method}"
    return respond_with(Problem(error.status_code, detail, headers=error.headers))


def _on_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    faults = [_fault(each) for each in error.errors()]
    detail = "; ".join(f"{fault.location} {fault.field}: {fault.message}".replace(" :", ":") for fault in faults)
    return respond_with(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=faults))


def _fault(error: Mapping[str, Any]) -> FieldFault:
    location, *path = error["loc"] or ("request",)
    return FieldFault(
        location=str(location), field=".".join(map(str, path)), message=str(error["msg"]).removeprefix("Value error, ")
    )


def _on_query(_: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidQueryError)  # noqa: S101 - registered for it alone
    message = str(error).removeprefix(f"{error.field}: ")
    return respond_with(field_fault("query", error.field, message))


def _on_store(_: Request, error: Exception) -> Response:
    assert isinstance(error, StoreError)  # noqa: S101 - registered for it alone
    return respond_with(Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"the store of incidents does not answer: {error}"))


def _on_crash(request: Request, _: Exception) -> Response:
    detail = f"{request.method} {request.url.path} failed; the daemon's log says why"
    return respond_with(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail))
