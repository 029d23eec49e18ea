"""What the feed is made of: kinds, events, and the questions that can be asked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ensemble_desk.errors import InvalidCursorError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Action


class Kind(StrEnum):
    """What somebody did, or what the desk noticed."""

    ROLLBACK = "rollback"
    PROMOTE = "promote"
    FOLLOW = "follow"
    FOLLOW_LATEST = "follow latest"
    UNDO = "undo"
    QUARANTINE = "quarantine"
    LIFT = "lift"
    REFUSED = "refused"
    TRAINING = "training"
    DESCRIPTION = "description"
    ROLE = "role"
    TOKEN = "token"  # noqa: S105 - the name of a kind
    PRUNING = "pruning"
    NOTE = "note"
    ALERT = "alert"
    SETTLED = "settled"


MOVES = tuple(Kind(action.value) for action in Action)
"""Kinds that are moves of production, each under the name of its action; refused ones are a kind of their own."""

DESK = "desk"
"""Who raises and settles alerts."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done.

    Attributes
    ----------
    what : what the actor did, as the rest of a sentence: ``rolled AAPL/d1 back from 20250121 to 20250114``.
    why : the reason, error or text that belongs to it; may be empty.
    key : None where it is about no single key.
    move_id, run_id : number of the row of history, or of the training run, that tells more.
    place : where it stands in the feed, for the page after it.
    """

    kind: Kind
    at: datetime
    actor: str
    what: str
    why: str
    key: Key | None
    version: str | None
    group_id: str | None
    move_id: int | None
    run_id: int | None
    place: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the feed; None, or nothing in ``kinds``, leaves a part open.

    ``since`` is included, ``until`` is not; ``group_id`` stands for the moves of a group and for its undo.
    """

    key: Key | None = None
    actor: str | None = None
    kinds: Collection[Kind] = ()
    since: datetime | None = None
    until: datetime | None = None
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Events, newest first; ``next_place`` continues the feed and is None at its end."""

    rows: tuple[Event, ...]
    next_place: str | None


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the feed: time, table, and what tells rows of one table at one time apart."""

    at: datetime
    source: int
    tie: int | str

    def __str__(self) -> str:
        tie = f"={self.tie}" if isinstance(self.tie, str) else self.tie
        return f"{self.at.isoformat()}~{self.source}~{tie}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read what ``str`` wrote; raises InvalidCursorError."""
        try:
            at, source, tie = text.split("~", 2)
            found = cls(datetime.fromisoformat(at), int(source), tie[1:] if tie.startswith("=") else int(tie))
        except ValueError:
            raise InvalidCursorError(text) from None
        if found.at.tzinfo is None:
            raise InvalidCursorError(text)
        return found
