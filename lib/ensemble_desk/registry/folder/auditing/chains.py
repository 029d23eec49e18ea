"""The chains of history, and pointers and states of versions that agree with them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, select

from ensemble_desk.database.tables.registry_tables import deployments, model_versions
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Finding, State
from ensemble_desk.registry.folder.examining import checking
from ensemble_desk.registry.ledger import chain, hashing, pointers
from ensemble_desk.registry.ledger.pointers import Pointer

EDITED, REMOVED, INSERTED = "edited row", "removed row", "inserted row"
UNEXPLAINED, CLOCK = "unexplained pointer", "clock"
_CLOCKS_DIFFER = timedelta(minutes=5)  # between the machines of one registry
_AT_ONCE = 1_000  # rows held as Python objects


def verify(connection: Connection, *, now: datetime, since: date | None) -> Iterator[Finding]:
    """Say what of the chains, of pointers and of the states of versions does not go together."""
    stored = {pointer.key: pointer for pointer in pointers.read_all(connection)}
    named = select(deployments.c.symbol, deployments.c.timeframe).distinct()
    indexed = select(model_versions.c.symbol, model_versions.c.timeframe).distinct()
    others = {Key(*row) for query in (named, indexed) for row in connection.execute(query)}
    for key in sorted(others - stored.keys()):
        yield Finding(key, UNEXPLAINED, "there are versions or rows of history, but no pointer")
    yield from _revisions(connection)
    of_keys = _states(connection, stored)
    for key, links in _links(connection, stored):
        if isinstance(links, str):
            yield Finding(key, EDITED, f"a row of history cannot even be read ({links})")
            continue
        yield from _chain(key, stored[key], links)
        yield from _times(key, links, now=now, since=since)
        yield from _pointer(stored[key], links)
        yield from of_keys.get(key, ())


def _links(connection: Connection, stored: Mapping[Key, Pointer]) -> Iterator[tuple[Key, Sequence[chain.Link] | str]]:
    """Walk the chains of all keys, in one pass as far as their rows can be read; of others, why one cannot be."""
    walked = set()
    try:
        for key, links in chain.all_links(connection):
            if key in stored:
                yield key, links
                walked.add(key)
    except ValueError:  # some row cannot even be read: key by key, to tell of which
        pass
    for key in sorted(stored.keys() - walked):
        try:
            yield key, tuple(chain.links(connection, key))
        except ValueError as error:
            yield key, str(error)


def _times(key: Key, links: Sequence[chain.Link], *, now: datetime, since: date | None) -> Iterator[Finding]:
    """Times are what clocks said, the order is that of the rows: name rows where the two do not go together."""
    before: chain.Link | None = None
    for link in links:
        is_due = since is None or link.at.date() >= since
        if is_due and before is not None and link.at < before.at - _CLOCKS_DIFFER:
            told = f"row {link.id} is of {link.at:%Y-%m-%d %H:%M} UTC, the one before it of {before.at:%Y-%m-%d %H:%M}"
            yield Finding(key, CLOCK, f"{told}: a clock was wrong")
        if is_due and link.at > now + _CLOCKS_DIFFER:
            yield Finding(key, CLOCK, f"row {link.id} is of {link.at:%Y-%m-%d %H:%M} UTC, which has not come yet")
        before = link


def _chain(key: Key, pointer: Pointer, links: Sequence[chain.Link]) -> Iterator[Finding]:
    previous, position = hashing.origin(key), 0
    for link in links:
        if link.actual_hash != link.hash:
            yield Finding(key, EDITED, f"row {link.id} (number {link.position}) is not what its hash says")
        if link.position > position + 1:
            yield Finding(key, REMOVED, f"{link.position - position - 1} row(s) before row {link.id} are gone")
        elif link.previous_hash != previous:
            yield Finding(key, INSERTED, f"row {link.id} (number {link.position}) does not follow the one before it")
        previous, position = link.hash, link.position
    if position < pointer.head_position:
        yield Finding(key, REMOVED, f"{pointer.head_position - position} row(s) at the end are gone")
    elif position > pointer.head_position:
        yield Finding(key, INSERTED, f"{position - pointer.head_position} row(s) at the end belong to no move")
    elif previous != pointer.head_hash:
        yield Finding(key, EDITED, "the newest row is not the one that the pointer names")


def _pointer(pointer: Pointer, links: Sequence[chain.Link]) -> Iterator[Finding]:
    moved = [link for link in links if link.outcome == chain.MOVED]
    revisions = [link.revision for link in moved]
    if revisions != list(range(1, len(moved) + 1)):
        yield Finding(
            pointer.key, UNEXPLAINED, f"the revisions of its moves are {revisions[-5:]}, not one after another"
        )
    has = (pointer.revision, pointer.version, pointer.mode.value, pointer.sha256)
    last = moved[-1] if moved else None
    told = (last.revision, last.to_version, last.mode, last.sha256) if last else (0, None, pointer.mode.value, None)
    if has != told:
        shown = f"revision {pointer.revision}, {pointer.version or 'no version'}, {pointer.mode.value}"
        yield Finding(pointer.key, UNEXPLAINED, f"no row of history leads to {shown}")


def _revisions(connection: Connection) -> Iterator[Finding]:
    """Name rows that are kept under another revision than they tell."""
    table = deployments.c
    tells = case((table.outcome == chain.MOVED, table.revision), else_=None)
    wanted = select(table.symbol, table.timeframe, table.id).where(table.moved_revision.is_distinct_from(tells))
    for symbol, timeframe, number in connection.execute(wanted.order_by(table.id)):
        yield Finding(Key(symbol, timeframe), EDITED, f"row {number} is kept under another revision than it tells")


def _states(connection: Connection, stored: Mapping[Key, Pointer]) -> dict[Key, list[Finding]]:
    """Compare the states of all versions with the pointers, in one pass; gives what is wrong, by key."""
    table = model_versions
    wanted = select(
        table.c.symbol, table.c.timeframe, table.c.version, table.c.state, table.c.health,
        table.c.quarantine_reason, table.c.sha256, table.c.problem,
    )  # fmt: skip
    found: dict[Key, list[Finding]] = {}
    live: dict[Key, Any] = {}
    with connection.execute(wanted, execution_options={"yield_per": _AT_ONCE}) as rows:
        for row in rows:
            pointer = stored.get(Key(row.symbol, row.timeframe))
            if pointer is None:
                continue
            if row.state != _state(row.version, row.health, row.quarantine_reason, live=pointer.version):
                told = Finding(pointer.key, checking.STATE, f"{row.version} is shown as {row.state}")
                found.setdefault(pointer.key, []).append(told)
            if row.problem and row.health == State.AVAILABLE:
                told = Finding(pointer.key, checking.STATE, f"{row.version} is available, and told to have a problem")
                found.setdefault(pointer.key, []).append(told)
            if row.version == pointer.version:
                live[pointer.key] = row
    for key, pointer in stored.items():
        for wrong in _live(pointer, live.get(key)):
            found.setdefault(key, []).append(Finding(key, checking.STATE, wrong))
    return found


def _live(pointer: Pointer, row: Any) -> Iterator[str]:
    """Say what is wrong with the version that production points at."""
    if pointer.version is not None and row is None:
        yield f"production points at {pointer.version}, which is not in the index"
    elif row is not None and row.sha256 != pointer.sha256:
        yield f"production and index name different digests of {pointer.version}"
    if row is not None and row.quarantine_reason is not None:
        yield f"{pointer.version} serves although it is quarantined"


def _state(version: str, health: str, quarantine_reason: str | None, *, live: str | None) -> str:
    if health != State.AVAILABLE:
        return health
    if quarantine_reason is not None:
        return State.QUARANTINED.value
    return State.IN_PRODUCTION.value if version == live else State.AVAILABLE.value
