"""One move, or a group of moves, as its own page tells it: what, who, why, what else, and what came of it."""

from dataclasses import dataclass

from ensemble_desk.activity import consequences
from ensemble_desk.errors import UnknownGroupError
from ensemble_desk.registry.entities import Deployment, Production
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import undo
from ensemble_desk.registry.opening import Registry


@dataclass(frozen=True, slots=True)
class Story:
    """A row of history with what belongs to it.

    Attributes
    ----------
    before, after : the moves of the key next to it; None where there is none.
    besides : what it changed besides the version that serves, a sentence each.
    production : of its key, now.
    sound : whether the row still is what its hash says.
    undoable : whether Undo takes exactly this back.
    """

    row: Deployment
    before: Deployment | None
    after: Deployment | None
    besides: tuple[str, ...]
    production: Production
    sound: bool
    undoable: bool


def read(registry: Registry, number: int) -> Story:
    """Tell one row of history by its number; raises UnknownMoveError."""
    return _story(registry, history.get(registry, number))


def group(registry: Registry, group_id: str) -> tuple[Story, ...]:
    """Tell the moves that were made together, in order of keys; raises UnknownGroupError."""
    rows = history.group(registry, group_id)
    if not rows:
        raise UnknownGroupError(group_id)
    return tuple(_story(registry, row) for row in rows)


def _story(registry: Registry, row: Deployment) -> Story:
    before, after = history.around(registry, row)
    now = production.read(registry, row.key)
    return Story(
        row=row,
        before=before,
        after=after,
        besides=consequences.of_move(row, before),
        production=now,
        sound=history.is_sound(registry, row.id),
        undoable=undo.is_possible(row, revision=now.revision),
    )
