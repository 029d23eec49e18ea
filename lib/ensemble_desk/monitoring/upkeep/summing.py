"""What came of the version in production of a key, summed up: a new outcome is added, the log is not read again.

The log stays what counts. Sums that are lost, that are of another version or policy, or that something but a later
outcome has come to (a restated bar, an earlier forecast, rows taken out of the log) are made of the log anew, and are
the same to the last bit.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.monitoring_tables import kept_drift, outcome_marks, outcomes
from ensemble_desk.database.tables.registry_tables import digest_begins, model_versions, production_pointers
from ensemble_desk.forecasting import matured
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Matured, Newer
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import verdicts
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.monitoring.evidence.sums import Sums
from ensemble_desk.monitoring.upkeep import kept, written_sums


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where the outcomes of a key were summed up.

    Attributes
    ----------
    outcome_id, n_rows, hash : the newest outcome of the key, how many there were, and the digest of all.
    since : no forecast of an earlier bar was pending.
    kind : of the outcomes in the sums.
    """

    outcome_id: int
    n_rows: int
    hash: str
    since: datetime
    kind: Kind


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What the outcomes of a version come to now.

    Attributes
    ----------
    sums : None while there are no outcomes.
    before, since : sums and mark that were kept; None where all was made of the log.
    rows : what was added to them; all outcomes where nothing was.
    only_own : whether nothing became known since but ``rows``.
    sign, mark : what the sums are kept under; ``mark`` None where only the log itself can tell.
    """

    sums: Sums | None
    before: Sums | None
    since: Mark | None
    rows: Matured
    only_own: bool
    sign: str
    mark: Mark | None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        if self.sums is None:
            return ()
        return self.rows.kinds if self.since is None else (self.since.kind,)


def step(database: Database, definition: Definition, policy: Policy) -> Step:
    """Add what became known of the version in production of a key to its sums; raises DatabaseError."""
    key, version = definition.key, definition.version
    with database.reading() as connection:
        known = connection.execute(_KNOWN, {"symbol": key.symbol, "timeframe": key.timeframe}).first()
        is_certain = known is not None and known.version == version and known.since is not None and known.is_there
        sign = kept.sign_of_sums(policy, known) if known is not None and is_certain else ""
        if known is not None and sign and known.sign == sign:
            told = json.loads(known.made)
            since, before = _mark(told["mark"]), written_sums.read(told["sums"])
            begins = min(since.since, matured.moment(before.as_of[-1]))
            newer = matured.later(connection, key, since=begins, outcome_id=since.outcome_id)
            own = newer.rows.of_version(version)
            if _follows(newer, own, since, before, known):
                rows = own.of_kinds([since.kind])
                after = verdicts.summed(rows, definition, policy, before=before) if len(rows) else before
                only_own = len(rows) == len(newer.rows)
                return Step(after, before, since, rows, only_own, sign, _mark_now(known, since.kind))
        rows = matured.of_version(connection, key, version).of_kinds(None)
    sums = verdicts.summed(rows, definition, policy) if len(rows) else None
    mark = _mark_now(known, rows.kinds[0]) if sign and sums is not None else None
    return Step(sums, None, None, rows, only_own=False, sign=sign, mark=mark)


def kept_sums(database: Database, definition: Definition, policy: Policy) -> tuple[Mark, Sums] | None:
    """Give what was kept of the version in production of a key; None where it would not be gone on from."""
    key = definition.key
    with database.reading() as connection:
        known = connection.execute(_KNOWN, {"symbol": key.symbol, "timeframe": key.timeframe}).first()
    if known is None or known.version != definition.version or known.sign != kept.sign_of_sums(policy, known):
        return None
    told = json.loads(known.made)
    return _mark(told["mark"]), written_sums.read(told["sums"])


def keep(connection: Connection, found: Iterable[tuple[Key, Step]]) -> None:
    """Write sums that differ from what was kept."""
    rows = [
        (key, one.sign, json.dumps({"mark": _plain(one.mark), "sums": written_sums.write(one.sums)}))
        for key, one in found
        if one.mark is not None and one.sums is not None and one.mark != one.since
    ]
    kept.keep_sums(connection, rows)


def _follows(newer: Newer, own: Matured, since: Mark, before: Sums, known: Any) -> bool:
    """Whether all that came since are later outcomes of the same kind, each known for the first time."""
    if newer.revised or newer.n != known.n_rows - since.n_rows or newer.outcome_id != known.last_id:
        return False
    begins = since.kind is Kind.REPLAY and bool(own.is_live.any())
    later = bool((own.as_of > before.as_of[-1]).all())
    return later and not begins and bool((own.horizon_bars == before.horizon_bars).all())


def _mark_now(known: Any, kind: Kind) -> Mark:
    return Mark(known.last_id, known.n_rows, known.hash, known.since, kind)


def _plain(mark: Mark) -> list[Any]:
    return [mark.outcome_id, mark.n_rows, mark.hash, mark.since.isoformat(), mark.kind.value]


def _mark(told: list[Any]) -> Mark:
    outcome_id, n_rows, digest, since, kind = told
    return Mark(outcome_id, n_rows, digest, datetime.fromisoformat(since).astimezone(UTC), Kind(kind))


def _known() -> Any:
    """What the sums of one key hang on, and the sums as they were kept."""
    pointer, version, mark, begin = production_pointers, model_versions, outcome_marks, digest_begins
    newest = partial(digests.newest_of, pointer, digests.OUTCOMES)
    last = newest("last_id")
    base = select(begin.c.base).where(
        begin.c.kind == digests.OUTCOMES,
        begin.c.symbol_id == pointer.c.symbol_id,
        begin.c.timeframe == pointer.c.timeframe,
    )
    same = (version.c.symbol == pointer.c.symbol) & (version.c.timeframe == pointer.c.timeframe)
    of_mark = (mark.c.symbol_id == pointer.c.symbol_id) & (mark.c.timeframe == pointer.c.timeframe)
    of_kept = (kept_drift.c.symbol_id == pointer.c.symbol_id) & (kept_drift.c.timeframe == pointer.c.timeframe)
    return (
        select(
            version.c.version,
            version.c.id,
            version.c.description_id,
            version.c.sha256,
            last.label("last_id"),
            newest("n_rows").label("n_rows"),
            newest("hash").label("hash"),
            exists().where(outcomes.c.id == last).label("is_there"),
            base.correlate(pointer).scalar_subquery().label("base"),
            mark.c.since,
            kept_drift.c.sign,
            kept_drift.c.made,
        )
        .select_from(pointer)
        .join(version, same & (version.c.version == pointer.c.version))
        .outerjoin(mark, of_mark)
        .outerjoin(kept_drift, of_kept & (kept_drift.c.what == kept.SUMS))
        .where(pointer.c.symbol == bindparam("symbol"), pointer.c.timeframe == bindparam("timeframe"))
    )


_KNOWN = _known()
