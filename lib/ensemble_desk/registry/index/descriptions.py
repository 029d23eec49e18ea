"""What people told of versions, kept append-only, and what of it holds for each version in the index."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from ensemble_desk.artifacts import descriptions
from ensemble_desk.artifacts.descriptions import Description
from ensemble_desk.database.tables.registry_tables import model_versions as versions
from ensemble_desk.database.tables.registry_tables import version_descriptions as table
from ensemble_desk.database.tables.registry_tables import version_manifests
from ensemble_desk.market import aims
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.index import entries, manifest_columns
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.ledger import notes, people
from ensemble_desk.registry.opening import Registry

_WILD = "*?["
_LAID = "description"  # in a manifest: which of its names come from people
_TIMES = ("first_bar", "last_bar")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which versions a description is about: ``AAPL/d1``, ``AAPL/d1/20250121``, or a pattern such as ``*/d1``."""

    key: str
    version: str = "*"

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """Read a scope; a last part that is a version's name, or follows a timeframe, is the version."""
        parts = text.strip().strip("/")
        first, _, last = parts.rpartition("/")
        if "/" in first and entries.is_name(last):
            return cls(_key(first), last)
        return cls(_key(parts))

    def __str__(self) -> str:
        return self.key if self.version == "*" else f"{self.key}/{self.version}"

    @property
    def is_of_one(self) -> bool:
        """Whether it names a single version."""
        return self.version != "*" and not any(sign in self.key for sign in _WILD)

    def fits(self, key: Key, version: str) -> bool:
        return fnmatchcase(str(key), self.key) and self.version in ("*", version)

    @property
    def rank(self) -> tuple[bool, bool]:
        """What is told more precisely counts more: a pattern least, one version most."""
        return self.version != "*", not any(sign in self.key for sign in _WILD)


@dataclass(frozen=True, slots=True)
class Told:
    """One description: what was told of which versions, by whom and when."""

    id: int
    scope: Scope
    description: Description
    actor: str
    at: datetime


def add(connection: Connection, scope: Scope, description: Description, *, actor: str, at: datetime) -> Told:
    """Keep what was told, inside `writing.writing`; nothing that was told before is touched."""
    row = {"scope": str(scope), "told": description.to_dict(), "actor": actor, "at": at}
    number = int(connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one())
    people.note(connection, notes.DESCRIPTION, id=number)
    return Told(number, scope, description, actor, at)


def everything(connection: Connection) -> tuple[Told, ...]:
    """All that was ever told, oldest first."""
    return tuple(_told(row) for row in connection.execute(select(table).order_by(table.c.id)))


def newest_id(connection: Connection) -> int:
    """Number of the newest description, 0 when there is none: a cheap sign that something was told."""
    return int(connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def history(registry: Registry, key: Key | None = None, version: str | None = None) -> tuple[Told, ...]:
    """What was told of a version, of any version of a key, or at all, newest first."""
    with registry.database.reading() as connection:
        found = everything(connection)
    fitting = [
        one
        for one in found
        if key is None
        or (fnmatchcase(str(key), one.scope.key) and (version is None or one.scope.version in ("*", version)))
    ]
    return tuple(reversed(fitting))


def fitting(told: Iterable[Told], key: Key, version: str) -> tuple[Told, ...]:
    """What of all that was told is about a version, the least precise and oldest first."""
    found = [one for one in told if one.scope.fits(key, version)]
    return tuple(sorted(found, key=lambda one: (one.scope.rank, one.id)))


def merged(told: Sequence[Told]) -> Description | None:
    """Put together what was told, in order; None when nothing was."""
    found: Description | None = None
    for one in told:
        found = one.description if found is None else one.description.over(found)
    return found


def own_content(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the file of a version itself tells, without what people told of it."""
    laid = manifest.get(_LAID)
    added = laid.get("names", []) if isinstance(laid, Mapping) else []
    own = {name: value for name, value in manifest.items() if name not in (*added, _LAID)}
    if isinstance(laid, Mapping) and "data_window" in laid:
        own["data_window"] = laid["data_window"]
    return own


def apply(connection: Connection, entry: Entry, manifest: Mapping[str, Any], told: Sequence[Told]) -> Mapping[str, Any]:
    """Lay what was told over a version in the index; gives what of it holds. The caller holds the pointer's lock."""
    own, description = own_content(manifest), merged(told)
    holds = _held(entry, own, description)
    whole = dict(descriptions.lay_over(own, holds))
    if description is not None:
        newest = max(told, key=lambda one: one.id)
        names = [name for name in holds if name not in own]
        whole[_LAID] = {"names": names, "told": description.to_dict(), "by": newest.actor, "at": newest.at.isoformat()}
        if "data_window" in own:
            whole[_LAID]["data_window"] = own["data_window"]
    connection.execute(
        update(versions)
        .where(versions.c.id == entry.id)
        .values(
            description_id=max((one.id for one in told), default=None),
            described=json.dumps(holds) if holds else None,
            horizon=aims.of_content(whole, timeframe=entry.key.timeframe).horizon,
            **{name: value for name, value in manifest_columns.of_manifest(whole).items() if name in _TIMES},
        )
    )
    stored = update(version_manifests).where(version_manifests.c.version_id == entry.id)
    connection.execute(stored.values(manifest=whole))
    return holds


def differing(connection: Connection) -> Iterator[Entry]:
    """Give versions over which something else lies than what people told of them."""
    told = everything(connection)
    both = versions.join(version_manifests, version_manifests.c.version_id == versions.c.id)
    wanted = select(versions, version_manifests.c.manifest).select_from(both)
    is_described = versions.c.described.is_not(None) | versions.c.description_id.is_not(None)
    for row in connection.execute(wanted.where(is_described).order_by(versions.c.id)):
        entry = entries.of_row(row)
        about = fitting(told, entry.key, entry.version)
        holds = _held(entry, own_content(row.manifest), merged(about))
        newest = max((one.id for one in about), default=None)
        if (newest, json.loads(json.dumps(holds))) != (entry.description_id, entry.described):
            yield entry


def _held(entry: Entry, own: Mapping[str, Any], description: Description | None) -> Mapping[str, Any]:
    if description is None:
        return {}
    return descriptions.effective(description, own, key=entry.key, version=entry.version)


def _key(text: str) -> str:
    symbol, slash, timeframe = text.rpartition("/")
    return f"{symbol.upper()}/{timeframe.lower()}" if slash else f"{timeframe.upper()}/*"


def _told(row: Row[Any]) -> Told:
    return Told(row.id, Scope.parse(row.scope), Description.from_dict(row.told), row.actor, row.at)
