"""The registry against the ledger, both ways: what one of them tells and the other does not, or tells otherwise."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database.tables.registry_tables import (
    deployments,
    model_versions,
    production_pointers,
    pruned_versions,
)
from ensemble_desk.errors.base import shown
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import agreement, ledger_file
from ensemble_desk.registry.entities import Finding
from ensemble_desk.registry.folder import story as telling
from ensemble_desk.registry.folder.story import Story, Told
from ensemble_desk.registry.ledger import notes, people, pointers
from ensemble_desk.registry.ledger_bucket import LedgerBucket
from ensemble_desk.registry.opening import Registry

LEDGER, DIFFERS = "ledger", "registry contradicts ledger"
_UNTOLD = ("has_manifest",)


def read(registry: Registry, connection: Connection) -> Iterator[Story]:
    """Give what the ledger tells, up to where the database stands. Raises LedgerError."""
    yield telling.read(registry.settings.ledger_files[0], known=agreement.head(connection), no_further=True)


def verify(registry: Registry, connection: Connection, told: Story) -> Iterator[Finding]:
    """Compare everything that the ledger remembers, and say what differs."""
    yield from (Finding(None, LEDGER, problem) for problem in told.problems)
    for kind, n_lines in sorted(told.unknown.items()):
        kinds = f"{n_lines} line(s) of the kind {shown(kind)}, which this release does not know"
        yield Finding(None, LEDGER, f"{kinds}; verify with the release that wrote them")
    yield from _copies(registry)
    problem = agreement.difference(registry.database, registry.settings.ledger_files[0])
    if problem:
        yield Finding(None, LEDGER, problem)
    if told.end.number:
        yield from _everything(connection, told)


def _copies(registry: Registry) -> Iterator[Finding]:
    first, *others = registry.settings.ledger_files
    if registry.settings.ledger_bucket:
        yield from _bucket(registry, first)
    for copy in others:
        pairs = zip(ledger_file.lines(first), ledger_file.lines(copy), strict=False)
        differing = next((place for (place, line), (_, other) in pairs if line != other), None)
        if differing is not None:
            yield Finding(None, LEDGER, f"line {differing} of {copy.name} is another one than in {first.name}")
        elif first.exists() and (not copy.exists() or copy.stat().st_size < first.stat().st_size):
            yield Finding(None, LEDGER, f"{copy} lacks lines that {first.name} holds")


def _bucket(registry: Registry, first: Path) -> Iterator[Finding]:
    """Compare the copy in a bucket; what became of the newest transaction may not be there yet."""
    url = registry.settings.ledger_bucket
    n_copied = 0
    pairs = zip_longest((line for _, line in ledger_file.lines(first)), LedgerBucket(url).lines())
    for place, (line, other) in enumerate(pairs, start=1):
        n_copied += other is not None
        if other is not None and line != other:
            yield Finding(None, LEDGER, f"line {place} of {url} is another one than in {first.name}")
            return
    if n_copied < ledger_file.tail(first).committed.number:
        yield Finding(None, LEDGER, f"{url} lacks lines that {first.name} holds")


def _everything(connection: Connection, told: Story) -> Iterator[Finding]:
    rows = {
        (_key(row), int(row["position"])): {"hash": row["hash"]}
        for row in connection.execute(select(*(deployments.c[name] for name in _OF_ROW))).mappings()
    }
    in_ledger = {where: {"hash": row["hash"]} for where, row in told.rows.items()}
    yield from _compared(rows, in_ledger, "row of history")
    yield from _compared(_stored(connection, production_pointers, pointers.told), _keyed(told.pointers), "pointer")
    yield from _compared(_stored(connection, model_versions, notes.of_version, "version"), told.versions, "version")
    graves = _stored(connection, pruned_versions, notes.of_tombstone, "version")
    yield from _compared(graves, told.tombstones, "tombstone")
    table = model_versions
    wanted = select(table.c.symbol, table.c.timeframe, table.c.version, table.c.quarantine_reason, table.c.fit)
    for row in connection.execute(wanted.order_by(table.c.id)).mappings():
        reason = told.quarantines.get((_key(row), row["version"]))
        if row["quarantine_reason"] != reason:
            is_so = "is not quarantined" if reason is None else f"is quarantined ({reason})"
            yield Finding(_key(row), DIFFERS, f"{row['version']}: by the ledger it {is_so}")
        has_passed = told.fit.get((_key(row), row["version"]), False)
        if told.begun[notes.PEOPLE] and has_passed is not None and bool(row["fit"]) != has_passed:
            passed = "a preflight that it passed, the index of none" if has_passed else "no preflight that it passed"
            yield Finding(_key(row), DIFFERS, f"{row['version']}: the ledger tells of {passed}")
    yield from _people(connection, told)
    yield from _digests(connection, told)


def _people(connection: Connection, told: Story) -> Iterator[Finding]:
    """Compare who may act and what people wrote, from when on the ledger is told of it."""
    marked = people.marked(connection)
    for name, kinds in people.MARKS.items():
        if (name in marked, told.begun[name]) not in ((True, 1), (False, 0)):
            begun = f"the ledger was told {told.begun[name]} times which {_IN_WORDS[kinds[0]]}s and the like there were"
            yield Finding(None, DIFFERS, f"{begun}: somebody meddled with the mark that it was")
        for kind in kinds if told.begun[name] else ():
            has = {(None, people.key_of(*one)): telling.as_told(one[1]) for one in people.rows_of(connection, kind)}
            tells = {(None, known_by): one for (of, known_by), one in told.people.items() if of == kind}
            yield from _compared(has, tells, _IN_WORDS[kind])


def _digests(connection: Connection, told: Story) -> Iterator[Finding]:
    found = digests.wholes(connection, [date.fromisoformat(one["before"]) for one in told.days])
    for one, has in zip(told.days, found, strict=True):
        if has != (one["n_digests"], one["sha256"]):
            told_of = one["before"]
            yield Finding(None, DIFFERS, f"the daily digests before {told_of} are not those that the ledger tells")
            return  # those of later days hold these, too


def _compared(has: Mapping[Any, Told], tells: Mapping[Any, Told], what: str) -> Iterator[Finding]:
    for where in sorted(tells.keys() - has.keys(), key=str):
        yield Finding(where[0], DIFFERS, f"{what} {where[1]} is in the ledger, and gone from the registry")
    for where in sorted(has.keys() - tells.keys(), key=str):
        yield Finding(where[0], DIFFERS, f"{what} {where[1]} is in the registry, and the ledger tells of none")
    for where in sorted(has.keys() & tells.keys(), key=str):
        other = [name for name in has[where] if name not in _UNTOLD and has[where][name] != tells[where].get(name)]
        if other:
            yield Finding(where[0], DIFFERS, f"{what} {where[1]}: the ledger tells another {', '.join(other)}")


def _stored(connection: Connection, table: Any, noted: Any, name: str | None = None) -> dict[Any, Told]:
    return {
        (_key(row), row[name] if name else "of production"): telling.as_told(noted(row))
        for row in connection.execute(select(table)).mappings()
    }


def _keyed(found: Mapping[Key, Told]) -> dict[tuple[Key, str], Told]:
    return {(key, "of production"): told for key, told in found.items()}


def _key(row: Mapping[Any, Any]) -> Key:
    return Key(row["symbol"], row["timeframe"])


_IN_WORDS = {
    notes.ROLE: "change of a role",
    notes.TOKEN: "token",
    notes.REMARK: "note",
    notes.DESCRIPTION: "description",
    notes.EXPORT: "export of the log",
    notes.ALERT: "alert",
}
_OF_ROW = ("symbol", "timeframe", "position", "hash")
