"""The forecast log: every forecast that was made, with all that it was made from; rows are only ever added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, exists, func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import inserting
from ensemble_desk.database import symbols as tickers
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import forecasts as table
from ensemble_desk.market.keys import Key


class Kind(StrEnum):
    """How a forecast came to be: made before its outcome was known, or afterwards from no more than was known then."""

    LIVE = "live"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What forecasts are marked with beside their numbers.

    Attributes
    ----------
    sha256 : digest of the version's artifact.
    pointer_revision : of production when it was asked; None for a replay.
    """

    key: Key
    version: str
    sha256: str
    pointer_revision: int | None
    kind: Kind
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One forecast.

    Attributes
    ----------
    as_of, target_at : times of the bar it was made at, and of the bar that decides; None while that is not there.
    basis : ``trained``, or ``derived`` from price members for another than the trained horizon.
    probabilities : BEARISH, NEUTRAL, BULLISH.
    members : the same by member that voted; ``weights_used`` are theirs after redistribution.
    abstentions : reason by member that did not vote.
    lean : the class furthest above its usual rate; None where that is not known.
    bands : expected move and its limits by price member, as the forecaster tells them.
    """

    as_of: datetime
    target_at: datetime | None
    horizon: str
    horizon_bars: int
    basis: str
    label: str
    probabilities: Sequence[float]
    confidence: float
    agreement: float
    members: Mapping[str, Sequence[float]]
    weights_used: Mapping[str, float]
    abstentions: Mapping[str, str]
    lean: str | None = None
    bands: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def append(database: Database, stamp: Stamp, entries: Sequence[Entry]) -> int:
    """Add forecasts that the log does not hold yet and give their number.

    One that is already there for the same version, bar and horizon stays as it is, whatever its kind: what was said
    first is what counts.
    """
    if not entries:
        return 0
    with database.writing() as connection:
        symbol_id = locked(connection, stamp.key)
        ids = inserting.new(connection, table, [_row(symbol_id, stamp, entry) for entry in entries])
        if ids:
            at, timeframe = stamp.created_at, stamp.key.timeframe
            digests.extend(connection, digests.FORECASTS, symbol_id, timeframe, at=at, ids=ids)
        return len(ids)


def locked(connection: Connection, key: Key) -> int:
    """Give the number of the key's symbol and keep other programs from writing about it until the transaction ends."""
    symbol_id = tickers.symbol_id(connection, key.symbol)
    tickers.hold(connection, symbol_id)
    return symbol_id


def newest_id(database: Database) -> int:
    """Number of the newest forecast, 0 when there is none: a cheap sign that the log grew."""
    with database.reading() as connection:
        return int(connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def keys(database: Database) -> tuple[Key, ...]:
    """Every key that was ever forecast, in order."""
    possible = tickers.possible_keys()
    said = exists().where(table.c.symbol_id == possible.c.symbol_id, table.c.timeframe == possible.c.timeframe)
    wanted = select(possible.c.ticker, possible.c.timeframe).where(said)
    with database.reading() as connection:
        return tuple(sorted(Key(symbol, timeframe) for symbol, timeframe in connection.execute(wanted)))


def _row(symbol_id: int, stamp: Stamp, entry: Entry) -> dict[str, Any]:
    bearish, neutral, bullish = (float(share) for share in entry.probabilities)
    return {
        "symbol_id": symbol_id,
        "timeframe": stamp.key.timeframe,
        "version": stamp.version,
        "sha256": stamp.sha256,
        "pointer_revision": stamp.pointer_revision,
        "as_of": entry.as_of,
        "target_at": entry.target_at,
        "horizon": entry.horizon,
        "horizon_bars": entry.horizon_bars,
        "basis": entry.basis,
        "label": entry.label,
        "p_bearish": bearish,
        "p_neutral": neutral,
        "p_bullish": bullish,
        "confidence": entry.confidence,
        "agreement": entry.agreement,
        "members": {name: list(shares) for name, shares in entry.members.items()},
        "weights_used": dict(entry.weights_used),
        "abstentions": dict(entry.abstentions),
        "kind": stamp.kind.value,
        "created_at": stamp.created_at,
        "lean": entry.lean,
        "bands": {name: dict(told) for name, told in entry.bands.items()},
    }
