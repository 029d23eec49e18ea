"""Probes: whether the process is alive, and whether it can answer."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from ensemble_desk.errors import DeskError
from ensemble_desk.registry.ledger import history
from ensemble_desk.registry.opening import Registry

PATIENCE_SECONDS = 3.0

router = APIRouter(tags=["probes"])
_asking = ThreadPoolExecutor(max_workers=2, thread_name_prefix="readiness")  # one that hangs holds no request up


class Alive(BaseModel):
    """The process answers."""

    alive: bool = True


class Ready(BaseModel):
    """What a forecast needs, each with what is wrong with it (empty: nothing)."""

    ready: bool
    checks: dict[str, str]


@router.get("/livez", summary="Whether the process answers")
def livez() -> Alive:
    return Alive()


@router.get(
    "/readyz",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "Something that forecasts need is not there."}},
    summary="Whether database and models folder answer within three seconds",
)
def readyz(request: Request) -> JSONResponse:
    opened, until = request.app.state.opened, time.monotonic() + PATIENCE_SECONDS
    waiting = {name: _asking.submit(_checked, opened, check) for name, check in _CHECKS.items()}
    checks = {}
    for name, asked in waiting.items():
        try:
            checks[name] = asked.result(timeout=max(0.0, until - time.monotonic()))
        except TooSlowError:
            asked.cancel()
            checks[name] = f"no answer within {PATIENCE_SECONDS:g} seconds"
    told = Ready(ready=not any(checks.values()), checks=checks)
    return JSONResponse(told.model_dump(), HTTPStatus.OK if told.ready else HTTPStatus.SERVICE_UNAVAILABLE)


def _checked(opened: Callable[[], Registry], check: Callable[[Registry], str]) -> str:
    """Open the registry, which may hang as well, and check one thing of it."""
    try:
        return check(opened())
    except DeskError as error:
        return str(error)


def _database(registry: Registry) -> str:
    history.newest_id(registry)
    return ""


def _models(registry: Registry) -> str:
    return registry.store.problem()


_CHECKS: dict[str, Callable[[Registry], str]] = {"database": _database, "models": _models}
