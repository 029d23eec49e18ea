"""Pruned versions listed the way other versions are: what their tombstones and the manifests on them still tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ensemble_desk.errors import InvalidCursorError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State, VersionRecord
from ensemble_desk.registry.index import manifest_columns, tombstones
from ensemble_desk.registry.index.paging import Order
from ensemble_desk.registry.index.tombstones import Tombstone
from ensemble_desk.registry.opening import Registry


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tombstones are meant; None leaves a field open. Times are of the version's making, both included."""

    symbol: str | None = None
    timeframe: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, one: Tombstone) -> bool:
        return (
            self.symbol in (None, one.key.symbol)
            and self.timeframe in (None, one.key.timeframe)
            and (self.since is None or one.created_at >= self.since)
            and (self.until is None or one.created_at <= self.until)
        )


def page(
    registry: Registry, wanted: Wanted, *, order: Order, descending: bool, limit: int, after: str | None
) -> tuple[tuple[VersionRecord, ...], int, str | None]:
    """Give one page of pruned versions, how many there are, and the cursor of the next page.

    Raises
    ------
    InvalidCursorError
        When ``after`` is no cursor of this list.
    """
    with registry.database.reading() as connection:
        found = [one for one in tombstones.everything(connection) if wanted.holds(one)]
        ranks = _ranks(connection, found, order)
        found.sort(key=lambda one: (ranks[one.file_name], one.file_name), reverse=descending)
        begin = 0 if after is None else _place(found, after)
        shown = found[begin : begin + limit]
        rows = tuple(_record(connection, one) for one in shown)
    more = begin + limit < len(found)
    return rows, len(found), shown[-1].file_name if more else None


def get(registry: Registry, key: Key, version: str) -> VersionRecord | None:
    """Give what is left of one version; None when no such version was pruned."""
    with registry.database.reading() as connection:
        found = _find(connection, key, version)
        return None if found is None else _record(connection, found)


def manifest(registry: Registry, key: Key, version: str) -> Mapping[str, Any]:
    """What the manifest of a pruned version said; empty when no such version was pruned."""
    with registry.database.reading() as connection:
        found = _find(connection, key, version)
        return {} if found is None else tombstones.manifest(connection, found)


def _find(connection: Connection, key: Key, version: str) -> Tombstone | None:
    """Find a tombstone by whatever was typed; some of it no database would even take."""
    return next((one for one in tombstones.of_key(connection, key) if one.version == version), None)


def _ranks(connection: Connection, found: Sequence[Tombstone], order: Order) -> dict[str, Any]:
    """What each is sorted by, by file name; ties are broken by that name."""
    match order:
        case "accuracy":  # stands in the manifests alone, which are read for this order only
            told = {one.file_name: manifest_columns.of_manifest(tombstones.manifest(connection, one)) for one in found}
            return {name: content["accuracy_sort"] for name, content in told.items()}
        case "symbol":
            return {one.file_name: (one.key.symbol, one.key.timeframe, one.version) for one in found}
        case _:
            return {one.file_name: getattr(one, order) for one in found}


def _place(found: Sequence[Tombstone], after: str) -> int:
    names = [one.file_name for one in found]
    if after not in names:
        raise InvalidCursorError(after)
    return names.index(after) + 1


def _record(connection: Connection, one: Tombstone) -> VersionRecord:
    told = manifest_columns.of_manifest(tombstones.manifest(connection, one))
    del told["accuracy_sort"]
    return VersionRecord(
        key=one.key,
        version=one.version,
        state=State.PRUNED,
        file_name=one.file_name,
        sha256=one.sha256,
        size_bytes=one.size_bytes,
        created_at=one.created_at,
        problem=f"pruned on {one.pruned_at:%Y-%m-%d %H:%M} UTC by {one.actor}: {one.reason}",
        **told,
    )
