"""The API's reads: keys and what is in production, versions, history, what was live at a moment."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Deployment, Production, State, VersionRecord
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.index.versions import VersionPage
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.opening import Registry

router = APIRouter(tags=["reading"])

Symbol = Annotated[str, Query(description="Ticker symbol, for example AAPL, BRK.B or BTC/USD.", max_length=64)]
Timeframe = Annotated[str, Query(description="For example d1.", max_length=8)]
MaybeSymbol = Annotated[str | None, Query(description="Only this ticker symbol.", max_length=64)]
MaybeTimeframe = Annotated[str | None, Query(description="Only this timeframe.", max_length=8)]
Version = Annotated[str, Query(description="For example 20250121 or 20250121r02.", max_length=32)]
Limit = Annotated[int, Query(ge=1, le=500, description="At most so many rows.")]


class LiveAt(BaseModel):
    """What production pointed at; ``version`` is null before the first deployment, and while none was usable.

    ``move`` is the one that had put it there, with who and why; ``first`` the first that ever was.
    """

    key: Key
    at: datetime
    version: str | None
    move: Deployment | None
    first: Deployment | None


def registry_of(request: Request) -> Registry:
    found: Registry = request.app.state.registry()
    return found


def key_of(symbol: str, timeframe: str) -> Key:
    return Key(symbol.strip().upper(), timeframe.strip().lower())


def tag(pointer: Production) -> str:
    """The ETag of a pointer: its revision, which every move raises."""
    return f'"{pointer.revision}"'


@router.get("/production", summary="What serves every key")
def fleet(request: Request) -> tuple[Production, ...]:
    return production.fleet(registry_of(request))


@router.get("/production/key", summary="What serves one key; the ETag is the revision that a move must name")
def one(request: Request, response: Response, symbol: Symbol, timeframe: Timeframe) -> Production:
    found = production.read(registry_of(request), key_of(symbol, timeframe))
    response.headers["ETag"] = tag(found)
    return found


@router.get("/versions", summary="Versions, newest first, a page at a time")
def listed(
    request: Request,
    *,
    symbol: MaybeSymbol = None,
    timeframe: MaybeTimeframe = None,
    state: State | None = None,
    limit: Limit = 50,
    after: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=512)] = None,
) -> VersionPage:
    return versions.listing(
        registry_of(request),
        symbol=symbol.strip().upper() if symbol else None,
        timeframe=timeframe.strip().lower() if timeframe else None,
        state=state,
        limit=limit,
        after=after,
    )


@router.get("/versions/one", summary="Everything the index tells of one version")
def version(request: Request, symbol: Symbol, timeframe: Timeframe, version: Version) -> VersionRecord:
    return versions.get(registry_of(request), key_of(symbol, timeframe), version)


@router.get("/history", summary="Moves and refused attempts, newest first")
def moves(
    request: Request, symbol: MaybeSymbol = None, timeframe: MaybeTimeframe = None, limit: Limit = 100
) -> tuple[Deployment, ...]:
    key = key_of(symbol, timeframe or "d1") if symbol else None
    return history.deployments(registry_of(request), key, limit=limit)


@router.get("/live-at", summary="Which version was live at a moment, who had put it there and why")
def live_at(
    request: Request,
    symbol: Symbol,
    timeframe: Timeframe,
    at: Annotated[datetime, Query(description="A moment; UTC without a zone.")],
) -> LiveAt:
    registry, key = registry_of(request), key_of(symbol, timeframe)
    moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    found = history.live_at(registry, key, moment)
    return LiveAt(key=key, at=moment, version=found.version, move=found.move, first=found.first)
