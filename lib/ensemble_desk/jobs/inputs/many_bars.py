"""Many files of bars imported at once, on this machine's cores or on a cluster."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ensemble_desk.jobs.inputs.keys import Wanted
from ensemble_desk.registry import walking
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.walking import Told
from ensemble_desk.sources import importing
from ensemble_desk.sources.importing import Imported, Part, Rules
from ensemble_desk.work.places import Place

_MUCH = 8 * 2**20  # bytes of files that are worth starting processes for, however few they are


def meant(parts: Sequence[Part], said: Wanted) -> tuple[Part, ...]:
    """Give the files of the keys that are meant; those that name no key are told of by one part of them.

    Raises
    ------
    UnknownKeyError
        When the symbol named has no file.
    """
    keys = set(said.of([part.key for part in parts if part.key is not None]))
    names_all = said.symbol is None and said.symbols is None
    of_part = (part for part in parts if said.shard is None or said.shard.holds(part.key or part.name))
    return tuple(part for part in of_part if (names_all if part.key is None else part.key in keys))


def run(
    registry: Registry, parts: Sequence[Part], *, rules: Rules, place: Place, told: Told | None = None
) -> tuple[Imported, ...]:
    """Import files, each told on its own; those of one key one after the other, so that the last one counts.

    Raises
    ------
    ClusterError, OtherReleaseError, MissingExtraError
    """
    keys = [part.key for part in parts]
    goes_along = bool(place.scheduler)
    together = not goes_along and len(set(keys)) == len(keys)
    if _much(parts):
        place = replace(place, fewest=2)
    return walking.each(
        registry,
        partial(_imported, rules),
        [replace(part, goes_along=goes_along) for part in parts],
        lost=_lost,
        place=place,
        lane=None if together else _lane,
        told=told,
    )


def _imported(rules: Rules, registry: Registry, part: Part) -> Imported:
    return importing.tried(registry.database, part, rules)


def _lost(part: Part, reason: str) -> Imported:
    return Imported(part.name, part.key, problem=reason)


def _lane(part: Part) -> str:
    return str(part.key or part.name)


def _much(parts: Sequence[Part]) -> bool:
    return sum(_size(part.file) for part in parts) >= _MUCH


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # it has just gone, which its import tells
        return 0
