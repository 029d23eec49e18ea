"""Rebuilding a registry from its ledger: versions, history, pins, quarantines and tombstones come back as they were.

What the ledger does not hold (forecasts, outcomes, bars, runs) is in backups only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from ensemble_desk.database import failures, symbols, texts
from ensemble_desk.database.inserting import insert_into, put
from ensemble_desk.database.tables.registry_tables import (
    deployments,
    model_versions,
    production_pointers,
    pruned_versions,
    version_manifests,
)
from ensemble_desk.errors import ArtifactError, LedgerError, ReasonRequiredError
from ensemble_desk.market import aims
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import agreement
from ensemble_desk.registry.actors import TO_PRUNE, Actor
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import story as telling
from ensemble_desk.registry.folder import sync
from ensemble_desk.registry.folder.examining import inspection
from ensemble_desk.registry.folder.story import Story, Told
from ensemble_desk.registry.index import descriptions, entries, manifest_columns, states
from ensemble_desk.registry.index.registration import Arrival
from ensemble_desk.registry.ledger import beginning, notes, people, writing
from ensemble_desk.registry.ledger.notes import Note
from ensemble_desk.registry.ledger_bucket import LedgerBucket
from ensemble_desk.registry.ledger_file import COMMITTED, NONE
from ensemble_desk.registry.opening import Registry

_VERB = "restore the registry"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came back: rows of history, pointers, versions and tombstones; ``missing`` names versions without a file."""

    n_rows: int
    n_pointers: int
    n_versions: int
    n_tombstones: int
    missing: tuple[str, ...] = ()


def from_ledger(registry: Registry, *, actor: Actor, reason: str) -> Rebuilt:
    """Bring a registry that is empty or older to where its ledger ends, in one transaction.

    Raises
    ------
    NotAllowedError, ReasonRequiredError
    LedgerError
        When there is no ledger, or lines of it were changed.
    DatabaseError
        When the registry holds what the ledger does not know.
    """
    _allowed(actor, reason)
    file = registry.settings.ledger_files[0]
    if registry.settings.ledger_bucket:
        LedgerBucket(registry.settings.ledger_bucket).fetch(file)
    writing.settle(registry)
    with registry.database.reading() as connection:
        story = telling.read(file, known=agreement.head(connection))
    if story.problems:
        raise LedgerError(str(file), f"was changed: {story.problems[0]}")
    if story.end == NONE:
        raise LedgerError(str(file), "tells of nothing")
    arrivals = _arrivals(registry, story)
    note: list[Note] = [(notes.RESTORED, {"actor": actor.name, "reason": texts.said(reason), "at": registry.clock()})]
    with writing.appending(registry) as writer:
        if writer.end.committed != story.end:
            raise LedgerError(str(file), "has grown meanwhile")
        with registry.database.writing() as connection:
            _refuse_others(connection, story)
            made = _put_back(connection, story, arrivals)
            note += people.rows_of(connection, notes.EXPORT) if story.begun[notes.UPKEEP] else []
            head = writer.planned(note)
            agreement.keep(connection, head)
            writer.append(note, durable=True)
        writer.settle(COMMITTED, head, at=registry.clock())
    registry.cache.clear()
    return made


def new_ledger(registry: Registry, *, actor: Actor, reason: str) -> int:
    """Begin a ledger anew from the registry as it is; what is left of the old one is kept beside it.

    Gives the number of lines. Raises NotAllowedError, ReasonRequiredError, LedgerError, DatabaseError.
    """
    _allowed(actor, reason)
    at = registry.clock()
    for file in registry.settings.ledger_files:
        if file.exists():
            file.rename(file.with_name(f"{file.name}.{at:%Y%m%dT%H%M%S}"))
    if registry.settings.ledger_bucket:
        LedgerBucket(registry.settings.ledger_bucket).set_aside(f"{at:%Y%m%dT%H%M%S}")
    with writing.appending(registry) as writer:
        with registry.database.writing() as connection:
            taken = beginning.everything(connection)
            head = writer.planned(taken)
            agreement.keep(connection, head)
            writer.append(taken, durable=True)
        writer.settle(COMMITTED, head, at=at)
    return len(taken)


def without_history(registry: Registry, *, actor: Actor, reason: str) -> tuple[str, ...]:
    """Take in what lies in the folder as if it came today: no pin, no quarantine and no history comes back."""
    _allowed(actor, reason)
    return sync.synchronise(registry, take_over=True).added


def _allowed(actor: Actor, reason: str) -> None:
    actor.require(TO_PRUNE, _VERB)
    if not texts.said(reason):
        raise ReasonRequiredError(_VERB)


def _refuse_others(connection: Connection, story: Story) -> None:
    """Raise DatabaseError when the registry has gone another way than the ledger: nothing of it is thrown away."""
    wanted = select(deployments.c.symbol, deployments.c.timeframe, deployments.c.position, deployments.c.hash)
    for symbol, timeframe, position, found in connection.execute(wanted):
        told = story.rows.get((Key(symbol, timeframe), position))
        if told is None or told["hash"] != found:
            row = f"row {position} of {symbol}/{timeframe}"
            raise failures.goes_another_way(row)


def _arrivals(registry: Registry, story: Story) -> dict[tuple[Key, str], Arrival]:
    """Look at the files of every version that the ledger tells of; one with other bytes does not come back as good."""
    found = {}
    for file in registry.store.scan():
        told = story.versions.get((file.key, file.version))
        if told is None:
            continue
        try:
            arrival = inspection.arrival(registry.store, file)
        except ArtifactError:
            continue
        if arrival.sha256 == told["sha256"]:
            found[file.key, file.version] = arrival
    return found


def _put_back(connection: Connection, story: Story, arrivals: Mapping[tuple[Key, str], Arrival]) -> Rebuilt:
    missing = []
    for (key, version), told in story.versions.items():
        arrival = arrivals.get((key, version))
        if arrival is None:
            missing.append(str(told["file_name"]))
        _put_version(connection, key, told, arrival)
    n_rows = sum(_put_row(connection, key, told) for (key, _), told in story.rows.items())
    for key, told in story.pointers.items():
        _put_pointer(connection, key, told)
    for (key, _), told in story.tombstones.items():
        _put_tombstone(connection, key, told)
    for (key, version), reason in story.quarantines.items():
        of = (model_versions.c.symbol == key.symbol, model_versions.c.timeframe == key.timeframe)
        marked = update(model_versions).where(*of, model_versions.c.version == version)
        connection.execute(marked.values(quarantine_reason=reason))
    for (kind, _), one in story.people.items():
        if kind != notes.EXPORT:  # of rows that are in backups only
            people.put_back(connection, kind, one)
    _describe(connection, arrivals)
    people.count_on(connection)
    beginning.tell_digests_anew(connection)
    people.mark(connection, story.begun)
    for key, told in story.pointers.items():
        states.restate(connection, key, [name for owner, name in story.versions if owner == key], live=told["version"])
        states.recount(connection, key)
    return Rebuilt(n_rows, len(story.pointers), len(story.versions), len(story.tombstones), tuple(missing))


def _describe(connection: Connection, arrivals: Mapping[tuple[Key, str], Arrival]) -> None:
    """Lay over the versions what people told of those like them."""
    every = descriptions.everything(connection)
    for (key, version), arrival in arrivals.items() if every else ():
        told, entry = descriptions.fitting(every, key, version), entries.find(connection, key, version)
        if told and entry is not None:
            descriptions.apply(connection, entry, arrival.content, told)


def _put_version(connection: Connection, key: Key, told: Told, arrival: Arrival | None) -> None:
    known = entries.find(connection, key, told["version"])
    if known is not None:
        return
    content = arrival.content if arrival else {}
    health = arrival.health if arrival else State.MISSING
    row = manifest_columns.of_manifest(content) | _read(told, "created_at", "registered_at")
    row.pop("has_manifest", None)
    row |= {
        "symbol_id": symbols.symbol_id(connection, key.symbol),
        "size_bytes": arrival.size_bytes if arrival else 0,
        "mtime_ns": arrival.mtime_ns if arrival else None,
        "health": health.value,
        "state": health.value,
        "problem": arrival.problem if arrival else "its file is not in the models folder",
        "horizon": aims.of_content(content, timeframe=key.timeframe).horizon,
    }
    version_id = connection.execute(insert(model_versions).values(row).returning(model_versions.c.id)).scalar_one()
    connection.execute(insert(version_manifests).values(version_id=version_id, manifest=dict(content)))


def _put_row(connection: Connection, key: Key, told: Told) -> int:
    moved = told["revision"] if told["outcome"] == "moved" else None
    row = _read(told, "at") | {"symbol_id": symbols.symbol_id(connection, key.symbol), "moved_revision": moved}
    added = connection.execute(insert_into(connection, deployments).values(row).on_conflict_do_nothing())
    return max(0, added.rowcount)


def _put_pointer(connection: Connection, key: Key, told: Told) -> None:
    here = {"symbol_id": symbols.symbol_id(connection, key.symbol), "timeframe": key.timeframe}
    put(connection, production_pointers, here, _read(told, "since"))


def _put_tombstone(connection: Connection, key: Key, told: Told) -> None:
    """Put up a tombstone that is not finished: sync removes files that came back with a backup."""
    row = _read(told, "created_at", "pruned_at") | {"symbol_id": symbols.symbol_id(connection, key.symbol)}
    connection.execute(insert_into(connection, pruned_versions).values(row).on_conflict_do_nothing())
    of = (model_versions.c.symbol == key.symbol, model_versions.c.timeframe == key.timeframe)
    connection.execute(model_versions.delete().where(*of, model_versions.c.version == told["version"]))


def _read(told: Told, *times: str) -> dict[str, Any]:
    return dict(told) | {name: datetime.fromisoformat(told[name]) for name in times}
