"""History: every move and refused attempt, and what was live at any time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ensemble_desk.database.tables.registry_tables import deployments as table
from ensemble_desk.errors import UnknownMoveError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.ledger import chain
from ensemble_desk.registry.opening import Registry


def deployments(registry: Registry, key: Key | None = None, *, limit: int = 100) -> tuple[Deployment, ...]:
    """Rows of history, newest first, of one key or of all."""
    wanted = select(table).order_by(table.c.id.desc()).limit(limit)
    if key is not None:
        wanted = (
            select(table)
            .where(table.c.symbol == key.symbol, table.c.timeframe == key.timeframe)
            .order_by(table.c.position.desc())
            .limit(limit)
        )
    with registry.database.reading() as connection:
        return tuple(chain.deployment(row) for row in connection.execute(wanted))


@dataclass(frozen=True, slots=True)
class LiveThen:
    """What was live at a moment.

    Attributes
    ----------
    move : the move that had put it there; None before the first one.
    first : the first move that put a version into production; None while nothing ever was.
    """

    key: Key
    at: datetime
    move: Deployment | None
    first: Deployment | None

    @property
    def version(self) -> str | None:
        """None before the first deployment, and while no version was usable."""
        return self.move.to_version if self.move else None

    @property
    def in_words(self) -> str:
        """What was live, who had put it there and why, or when the first one came."""
        at = f"{self.at:%Y-%m-%d %H:%M} UTC"
        if self.move is None and self.first is None:
            return f"Nothing of {self.key} was live at {at}, and nothing has been since."
        if self.move is None and self.first is not None:
            since, version = f"{self.first.at:%Y-%m-%d %H:%M} UTC", self.first.to_version
            return f"Nothing of {self.key} was live at {at}; the first was {version} on {since}."
        assert self.move is not None  # noqa: S101 - both cases without one are said above
        why = self.move.reason or "no reason recorded"
        since = f"since {self.move.at:%Y-%m-%d %H:%M} UTC by {self.move.actor} ({self.move.action}): {why}"
        if self.move.to_version is None:
            return f"No version of {self.key} was usable at {at}, {since}"
        return f"{self.move.to_version} of {self.key} was live at {at}, {since}"


def live_at(registry: Registry, key: Key, at: datetime) -> LiveThen:
    """Say what production pointed at, with the move that had put it there."""
    changed = select(table).where(
        table.c.symbol == key.symbol,
        table.c.timeframe == key.timeframe,
        table.c.outcome == chain.MOVED,
        table.c.from_version.is_distinct_from(table.c.to_version),
    )
    then = changed.where(table.c.at <= at).order_by(table.c.position.desc()).limit(1)
    begun = changed.order_by(table.c.position).limit(1)
    with registry.database.reading() as connection:
        found = [connection.execute(wanted).first() for wanted in (then, begun)]
    move, first = (None if row is None else chain.deployment(row) for row in found)
    return LiveThen(key, at, move, first)


def changes(rows: Sequence[Deployment]) -> list[Deployment]:
    """Of rows (newest first) those that changed what production serves, oldest first."""
    moved = [row for row in reversed(rows) if row.has_moved]
    return [row for at, row in enumerate(moved) if at == 0 or row.to_version != moved[at - 1].to_version]


def get(registry: Registry, number: int) -> Deployment:
    """Read one row of history; raises UnknownMoveError."""
    with registry.database.reading() as connection:
        row = connection.execute(select(table).where(table.c.id == number)).first()
    if row is None:
        raise UnknownMoveError(number)
    return chain.deployment(row)


def is_sound(registry: Registry, number: int) -> bool:
    """Tell whether a row of history still is what its hash says."""
    with registry.database.reading() as connection:
        row = connection.execute(select(table).where(table.c.id == number)).mappings().first()
    return row is not None and chain.is_sound(row)


def around(registry: Registry, row: Deployment) -> tuple[Deployment | None, Deployment | None]:
    """Give the moves of the same key before and after a row; refused attempts are passed over."""
    moved = select(table).where(
        table.c.symbol == row.key.symbol, table.c.timeframe == row.key.timeframe, table.c.outcome == chain.MOVED
    )
    before = moved.where(table.c.id < row.id).order_by(table.c.position.desc()).limit(1)
    after = moved.where(table.c.id > row.id).order_by(table.c.position).limit(1)
    with registry.database.reading() as connection:
        found = [connection.execute(wanted).first() for wanted in (before, after)]
    earlier, later = (None if one is None else chain.deployment(one) for one in found)
    return earlier, later


def since(registry: Registry, number: int, *, limit: int = 20) -> tuple[Deployment, ...]:
    """Rows after a number, newest first."""
    wanted = select(table).where(table.c.id > number).order_by(table.c.id.desc()).limit(limit)
    with registry.database.reading() as connection:
        return tuple(chain.deployment(row) for row in connection.execute(wanted))


def group(registry: Registry, group_id: str) -> tuple[Deployment, ...]:
    """Rows that were written as one group, in order of keys."""
    wanted = select(table).where(table.c.group_id == group_id).order_by(table.c.symbol, table.c.timeframe, table.c.id)
    with registry.database.reading() as connection:
        return tuple(chain.deployment(row) for row in connection.execute(wanted))


def newest_id(registry: Registry) -> int:
    """Number of the newest row, 0 when there is none: a cheap sign that production changed."""
    with registry.database.reading() as connection:
        return int(connection.execute(select(table.c.id).order_by(table.c.id.desc()).limit(1)).scalar() or 0)
