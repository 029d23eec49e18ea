"""Readiness: can production of a key go back now? The preflight of the next rollback, rehearsed and remembered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select

from ensemble_desk.database import inserting
from ensemble_desk.database.tables.registry_tables import model_versions, production_pointers
from ensemble_desk.database.tables.registry_tables import rehearsals as table
from ensemble_desk.errors import UnknownKeyError, UnknownVersionError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import walking
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.preflight import code_revision
from ensemble_desk.registry.preflight import steps as preflight
from ensemble_desk.work import places
from ensemble_desk.work.places import Place

STALE_AFTER = timedelta(days=1)  # the newest bars are another day's then
_MOST_TARGETS = 5
_FEWEST = 16  # a preflight takes longer than a forecast


class Going(StrEnum):
    """What can be said of going back."""

    READY = "ready"
    NOT_READY = "not ready"
    NOT_REHEARSED = "not rehearsed"
    NOWHERE = "nowhere to go"  # there are earlier versions, but none is usable
    NO_EARLIER = "first version"  # what is live is the key's first one: nothing is older


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a rollback of one key would pass.

    Attributes
    ----------
    state : what is known; "not rehearsed" also when target, its digest, the live version or the code changed since.
    live, target : the version that serves, and the one that a rollback would go to; None when there is none.
    sha256 : digest of the target.
    at : when that was rehearsed; None when it was not.
    failed_step, detail : the first hard step that failed and what it said; empty when all passed.
    milliseconds : how long the preflight took.
    """

    key: Key
    state: Going
    live: str | None
    target: str | None
    sha256: str | None = None
    at: datetime | None = None
    failed_step: str = ""
    detail: str = ""
    milliseconds: float | None = None

    def age(self, now: datetime) -> timedelta | None:
        """How old the rehearsal is; None when there is none."""
        return None if self.at is None else max(now - self.at, timedelta())

    def is_due(self, now: datetime) -> bool:
        """Whether it should be rehearsed (again): never, for something else, or more than a day ago."""
        if self.target is None:
            return False
        age = self.age(now)
        return age is None or age > STALE_AFTER


def of_fleet(registry: Registry) -> Mapping[Key, Readiness]:
    """Tell the readiness of every key, in order of keys; one query, no file is opened."""
    with registry.database.reading() as connection:
        found = [_readiness(row) for row in connection.execute(_wanted())]
    return {one.key: one for one in found}


def of_key(registry: Registry, key: Key) -> Readiness:
    """Tell the readiness of one key; raises UnknownKeyError."""
    with registry.database.reading() as connection:
        return _of(connection, key)


def newest_at(registry: Registry) -> datetime | None:
    """Tell when the newest rehearsal was: a cheap sign that something was rehearsed."""
    with registry.database.reading() as connection:
        found: datetime | None = connection.execute(select(func.max(table.c.at))).scalar()
    return found


def rehearse(registry: Registry, key: Key) -> Readiness:
    """Run the preflight of the version that a rollback would go to, and remember what came of it.

    A target that turns out to be tampered with gives way to the next one, which is rehearsed as well. Production is not
    touched. Raises UnknownKeyError, DatabaseError.
    """
    found = of_key(registry, key)
    for _ in range(_MOST_TARGETS):
        if found.target is None:
            break
        found = _rehearse(registry, found)
        if found.state is not Going.NOT_REHEARSED:
            break
    return found


def rehearse_due(
    registry: Registry,
    keys: Sequence[Key] | None = None,
    *,
    force: bool = False,
    where: Place | None = None,
    told: walking.Told | None = None,
) -> tuple[Readiness, ...]:
    """Rehearse the given keys, or all, where that is due (with ``force`` wherever there is a target); tell every key.

    Raises
    ------
    UnknownKeyError, DatabaseError, LostWorkError, ClusterError, OtherReleaseError, MissingExtraError
    """
    known = of_fleet(registry)
    unknown = next((key for key in keys or () if key not in known), None)
    if unknown is not None:
        raise UnknownKeyError(unknown)
    now = registry.clock()
    wanted = [known[key] for key in known if keys is None or key in keys]
    due = [one.key for one in wanted if force or one.is_due(now)]
    done = walking.each(registry, rehearse, due, lost=walking.nobody, place=where or place(registry), told=told)
    rehearsed = {one.key: one for one in done}
    return tuple(rehearsed.get(one.key, one) for one in wanted)


def place(registry: Registry, *, n_jobs: int | None = None) -> Place:
    """Give where many keys are rehearsed; ``n_jobs`` is what a person said."""
    return places.of(registry.settings, n_jobs=n_jobs, fewest=_FEWEST)


def _rehearse(registry: Registry, asked: Readiness) -> Readiness:
    key, target = asked.key, str(asked.target)
    try:
        report = preflight.run(registry, key, target)
    except UnknownVersionError:  # gone since
        return of_key(registry, key)
    failed = report.failures[0] if report.failures else None
    told = {
        "target": target,
        "sha256": asked.sha256,
        "live": asked.live,
        "code_revision": code_revision.digest(),
        "at": report.at,
        "passed": report.passed,
        "failed_step": failed.name if failed else "",
        "detail": failed.detail if failed else "",
        "milliseconds": sum(step.milliseconds for step in report.steps),
    }
    with registry.database.writing() as connection:
        inserting.put(connection, table, {"symbol": key.symbol, "timeframe": key.timeframe}, told)
        return _of(connection, key)


def _of(connection: Connection, key: Key) -> Readiness:
    pointer = production_pointers
    only = _wanted(pointer.c.symbol == key.symbol, pointer.c.timeframe == key.timeframe)
    row = connection.execute(only).first()
    if row is None:
        raise UnknownKeyError(key)
    return _readiness(row)


def _readiness(row: Row[Any]) -> Readiness:
    key = Key(row.symbol, row.timeframe)
    if row.target is None:
        return Readiness(key, Going.NOWHERE if row.has_earlier else Going.NO_EARLIER, row.live, None)
    rehearsed = (row.rehearsed_target, row.rehearsed_sha256, row.rehearsed_live, row.code_revision)
    if row.at is None or rehearsed != (row.target, row.sha256, row.live, code_revision.digest()):
        return Readiness(key, Going.NOT_REHEARSED, row.live, row.target, row.sha256)
    state = Going.READY if row.passed else Going.NOT_READY
    return Readiness(
        key, state, row.live, row.target, row.sha256, row.at, row.failed_step, row.detail, row.milliseconds
    )


def _wanted(*conditions: Any) -> Select[Any]:
    """Every pointer with where a rollback would go, as :func:`.rollback.target` finds it, and its row."""
    going = _targets(*conditions).subquery()
    version = model_versions
    of_target = and_(
        version.c.symbol == going.c.symbol,
        version.c.timeframe == going.c.timeframe,
        version.c.version == going.c.target,
    )
    of_key = and_(table.c.symbol == going.c.symbol, table.c.timeframe == going.c.timeframe)
    return (
        select(
            *(going.c[name] for name in ("symbol", "timeframe", "live", "target", "has_earlier")),
            version.c.sha256,
            table.c.target.label("rehearsed_target"),
            table.c.sha256.label("rehearsed_sha256"),
            table.c.live.label("rehearsed_live"),
            *(table.c[name] for name in ("code_revision", "at", "passed", "failed_step", "detail", "milliseconds")),
        )
        .select_from(going.outerjoin(version, of_target).outerjoin(table, of_key))
        .order_by(going.c.symbol, going.c.timeframe)
    )


def _targets(*conditions: Any) -> Select[Any]:
    pointer, version = production_pointers, model_versions
    live = func.coalesce(pointer.c.version, "~")  # sorts after every version
    of_key = select(version.c.version).where(
        version.c.symbol == pointer.c.symbol, version.c.timeframe == pointer.c.timeframe
    )
    usable = of_key.where(version.c.health == State.AVAILABLE.value, version.c.quarantine_reason.is_(None))
    previous = usable.where(version.c.version == pointer.c.previous_version, version.c.version != live)
    older = usable.where(version.c.version < live).order_by(version.c.version.desc()).limit(1)
    target = func.coalesce(previous.scalar_subquery(), older.scalar_subquery())
    has_earlier = of_key.where(version.c.version < live).exists()
    return select(
        pointer.c.symbol,
        pointer.c.timeframe,
        pointer.c.version.label("live"),
        target.label("target"),
        has_earlier.label("has_earlier"),
    ).where(*conditions)
