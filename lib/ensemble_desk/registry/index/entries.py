"""One version as decisions need it, found by its name."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.market import usual_rates as rates_of
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry.entities import State

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NAME = re.compile(r"[0-9]{8}(?:r[0-9]{2})?")
COLUMNS = (
    "id",
    "symbol",
    "timeframe",
    "version",
    "file_name",
    "sha256",
    "size_bytes",
    "mtime_ns",
    "health",
    "problem",
    "quarantine_reason",
    "serving_sha256",
    "description_id",
    "described",
    "fit",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What decisions need of one version.

    Attributes
    ----------
    health : available, tampered, incompatible, missing or unfit.
    described : what people told of it, as it lies over its content; empty where nobody has.
    description_id : number of the newest description among these.
    fit : whether it passed the preflight that going live takes; None when it was not examined yet.
    """

    id: int
    key: Key
    version: str
    file_name: str
    sha256: str
    size_bytes: int
    mtime_ns: int | None
    health: State
    problem: str
    quarantine_reason: str | None
    serving_sha256: str | None
    description_id: int | None
    described: Mapping[str, Any]
    fit: bool | None

    @property
    def usable(self) -> bool:
        return self.health is State.AVAILABLE and self.quarantine_reason is None


def is_name(version: str) -> bool:
    """Tell whether this can be a version's name, whatever was typed; some of it no database would even take."""
    return _NAME.fullmatch(version) is not None


def is_future(version: str, *, today: date) -> bool:
    """Tell whether a version carries a day that has come nowhere on earth; it would be the newest one for good."""
    return version[:8] > f"{today + timedelta(days=1):%Y%m%d}"


def find(connection: "Connection", key: Key, version: str) -> Entry | None:
    """Find a version inside a transaction."""
    return _of_first(_FIND.rows(connection, _asked(key, version)) if is_name(version) else ())


def look_up(database: Database, key: Key, version: str) -> Entry | None:
    """Find a version by one indexed read of its own."""
    return _of_first(database.ask(_FIND, **_asked(key, version)) if is_name(version) else ())


def usual_rates(database: Database, entry: Entry) -> dict[str, dict[str, float]]:
    """Read from the index what a serving form of an earlier release does not hold; empty where nothing tells it."""
    found = database.ask(_MANIFEST, id=entry.id)
    rates = rates_of.of_content(json.loads(found[0].manifest)) if found else None
    return {} if rates is None else {"usual_rates": dict(zip(CLASSES, rates, strict=True))}


def tampered(known: Entry, actual: str) -> str:
    """Say that a file holds other bytes than those registered."""
    return f"its SHA-256 is {actual[:12]}…, registered was {known.sha256[:12]}…"


def tampered_form(known: Entry, actual: str) -> str:
    """Say that a serving form holds other bytes than those registered."""
    return f"the SHA-256 of its serving form is {actual[:12]}…, registered was {(known.serving_sha256 or '')[:12]}…"


def of_row(row: Any) -> Entry:
    """Give the entry of a row that holds its columns."""
    return Entry(
        id=row.id,
        key=Key(row.symbol, row.timeframe),
        version=row.version,
        file_name=row.file_name,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        mtime_ns=row.mtime_ns,
        health=State(row.health),
        problem=row.problem,
        quarantine_reason=row.quarantine_reason,
        serving_sha256=row.serving_sha256,
        description_id=row.description_id,
        described=json.loads(row.described) if row.described else {},
        fit=None if row.fit is None else bool(row.fit),
    )


def _of_first(rows: Any) -> Entry | None:
    return of_row(rows[0]) if rows else None


def _asked(key: Key, version: str) -> dict[str, str]:
    return {"symbol": key.symbol, "timeframe": key.timeframe, "version": version}


_FIND = PlainSql(
    "SELECT",
    ", ".join(COLUMNS),
    "FROM model_versions",
    "WHERE symbol = :symbol AND timeframe = :timeframe AND version = :version",
)
_MANIFEST = PlainSql("SELECT CAST(manifest AS TEXT) AS manifest FROM version_manifests WHERE version_id = :id")
