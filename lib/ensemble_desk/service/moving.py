"""The API's moves of production: the same functions as pages and commands, with the revision that the caller saw."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.moves import promotion, quarantine, rollback, undo
from ensemble_desk.service import identity
from ensemble_desk.service.problems import ConditionError
from ensemble_desk.service.reading import key_of, registry_of

router = APIRouter(tags=["moving"])

_NEED_VERSION = ("promote", "quarantine", "lift")


class Move(BaseModel):
    """One move of production; ``version`` is what to promote, go back to, quarantine or lift."""

    model_config = ConfigDict(extra="forbid")

    symbol: Annotated[str, Field(max_length=64)]
    timeframe: Annotated[str, Field(max_length=8)]
    action: Literal["promote", "rollback", "follow-latest", "quarantine", "lift", "undo"]
    version: Annotated[str | None, Field(max_length=32)] = None
    reason: Annotated[str, Field(max_length=2_000, description="Why; history keeps it.")]


@router.post(
    "/production/moves",
    summary="Move production of one key; If-Match names the revision that was seen",
    responses={412: {"description": "Somebody moved it meanwhile."}, 428: {"description": "If-Match is missing."}},
)
def move(
    request: Request,
    asked: Move,
    if_match: Annotated[str | None, Header(description='The ETag of the key, for example "5".')] = None,
) -> Deployment:
    who = identity.of(request)
    expected = _revision(if_match)
    if asked.action in _NEED_VERSION and not asked.version:
        raise ConditionError(422, f"To {asked.action} takes a version. Nothing changed.")
    registry, key, version = registry_of(request), key_of(asked.symbol, asked.timeframe), asked.version or ""
    common: dict[str, Any] = {"expected": expected, "actor": who, "reason": asked.reason}
    act: dict[str, Callable[[], Deployment]] = {
        "promote": lambda: promotion.promote(registry, key, to=version, **common),
        "rollback": lambda: rollback.roll_back(registry, key, to=asked.version, **common),
        "follow-latest": lambda: promotion.follow_latest(registry, key, **common),
        "quarantine": lambda: quarantine.quarantine(registry, key, version, **common),
        "lift": lambda: quarantine.lift(registry, key, version, **common),
        "undo": lambda: undo.undo(registry, key, **common),
    }
    return act[asked.action]()


def _revision(if_match: str | None) -> int:
    if if_match is None:
        raise ConditionError(428, "A move names the revision that was seen: send the key's ETag as If-Match.")
    told = if_match.strip().removeprefix("W/").strip('"')
    if not told.isdecimal() or len(told) > 18:  # noqa: PLR2004 - no revision has as many digits
        raise ConditionError(422, "If-Match holds no revision; send the ETag of the key. Nothing changed.")
    return int(told)
