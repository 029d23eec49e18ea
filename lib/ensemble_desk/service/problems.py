"""Errors as problem details (RFC 9457): one table from our errors to HTTP's status, and the one body of all."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from ensemble_desk import errors
from ensemble_desk.errors import DeskError

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[DeskError], HTTPStatus], ...] = (  # the first that fits
    (errors.UnknownKeyError, HTTPStatus.NOT_FOUND),
    (errors.UnknownVersionError, HTTPStatus.NOT_FOUND),
    (errors.NotTrainedError, HTTPStatus.NOT_FOUND),
    (errors.NotAllowedError, HTTPStatus.FORBIDDEN),
    (errors.StalePointerError, HTTPStatus.PRECONDITION_FAILED),
    (errors.NothingToMoveError, HTTPStatus.CONFLICT),
    (errors.NoEarlierVersionError, HTTPStatus.CONFLICT),
    (errors.QuarantinedVersionError, HTTPStatus.CONFLICT),
    (errors.PreflightFailedError, HTTPStatus.CONFLICT),
    (errors.LiveVersionError, HTTPStatus.CONFLICT),
    (errors.ArtifactError, HTTPStatus.CONFLICT),
    (errors.DatabaseError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.FolderGoneError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.SourceError, HTTPStatus.SERVICE_UNAVAILABLE),
    (errors.MissingExtraError, HTTPStatus.SERVICE_UNAVAILABLE),
)


class Problem(BaseModel):
    """What went wrong, in the form of RFC 9457."""

    type: str = Field(description="`about:blank`, or `urn:ensemble-desk:` and the name of the error.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What happened, that nothing changed, and what to do.")


class ConditionError(Exception):
    """A request lacks a condition that its route needs, or holds one that cannot be read."""

    def __init__(self, status: int, detail: str) -> None:
        self.status, self.detail = HTTPStatus(status), detail
        super().__init__(detail)


class UnauthorizedError(Exception):
    """A request came without a token that is known."""


def response(status: HTTPStatus, detail: str, *, kind: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """Give the answer that tells of a problem; ``kind`` names the error of ours that it comes from."""
    problem = Problem(
        type=f"urn:ensemble-desk:{kind}" if kind else "about:blank",
        title=status.phrase,
        status=status.value,
        detail=detail,
    )
    return JSONResponse(problem.model_dump(), status.value, headers, MEDIA_TYPE)


def status_of(error: DeskError) -> HTTPStatus:
    """Tell HTTP's status for an error; what a caller's input caused is 422."""
    found = (status for kind, status in _STATUS if isinstance(error, kind))
    return next(found, HTTPStatus.UNPROCESSABLE_ENTITY)


def install(app: FastAPI) -> None:
    """Let an application answer every error as a problem."""
    app.add_exception_handler(DeskError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(UnauthorizedError, _unauthorized)
    app.add_exception_handler(ConditionError, _condition)


def _ours(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DeskError)  # noqa: S101 - it is installed for these
    return response(status_of(error), str(error), kind=type(error).__name__)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is installed for these
    told = "; ".join(f"{_place(one['loc'])}: {one['msg']}" for one in error.errors()[:8])
    return response(HTTPStatus.UNPROCESSABLE_ENTITY, f"{told}. Nothing changed. Correct the request.")


def _place(location: tuple[Any, ...]) -> str:
    return ".".join(str(part)[:60] for part in location[1:] or location)


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is installed for these
    status = HTTPStatus(error.status_code)
    detail = status.description if error.detail == status.phrase else error.detail
    return response(status, detail, headers=dict(error.headers or {}))


def _unauthorized(_request: Request, _error: Exception) -> JSONResponse:
    detail = "This takes a token: send `Authorization: Bearer TOKEN`. Make one with: desk token create"
    return response(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})


def _condition(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ConditionError)  # noqa: S101 - it is installed for these
    return response(error.status, error.detail)
