"""Probes: whether the process is alive, and whether it can answer."""

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
    registry: Registry = request.app.state.registry()
    waiting = {name: _asking.submit(check, registry) for name, check in _CHECKS.items()}
    checks = {}
    for name, asked in waiting.items():
        try:
            checks[name] = asked.result(timeout=PATIENCE_SECONDS)
        except TooSlowError:
            asked.cancel()
            checks[name] = f"no answer within {PATIENCE_SECONDS:g} seconds"
    told = Ready(ready=not any(checks.values()), checks=checks)
    return JSONResponse(told.model_dump(), HTTPStatus.OK if told.ready else HTTPStatus.SERVICE_UNAVAILABLE)


def _database(registry: Registry) -> str:
    try:
        history.newest_id(registry)
    except DeskError as error:
        return str(error)
    return ""


def _models(registry: Registry) -> str:
    try:
        return registry.store.problem()
    except DeskError as error:
        return str(error)


_CHECKS: dict[str, Callable[[Registry], str]] = {"database": _database, "models": _models}
