"""Many files of bars imported at once, on this machine's cores or on a cluster."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ensemble_desk.jobs.inputs.keys import Wanted
from ensemble_desk.registry import walking
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.walking import Told
from ensemble_desk.sources import many_files
from ensemble_desk.sources.importing import Imported, Rules
from ensemble_desk.sources.many_files import Part
from ensemble_desk.work.places import Place
from ensemble_desk.work.walking import ENDED

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
    """Import files, each told on its own, in their order; of two files of one key the later one counts.

    Raises
    ------
    ClusterError, OtherReleaseError, MissingExtraError
    """
    goes_along = bool(place.scheduler)
    if len(parts) >= place.fewest or sum(part.n_bytes for part in parts) >= _MUCH:
        place = replace(place, fewest=2)
    groups = many_files.groups([replace(part, goes_along=goes_along) for part in parts])
    done = walking.each(
        registry,
        partial(_imported, rules),
        groups,
        lost=_lost,
        place=place,
        lane=_first if goes_along else None,  # so that the bytes of few are under way
        told=told,
        size=len,
    )
    by_name = {one.name: one for group in done for one in group}
    ended = [(part,) for part in parts if by_name[part.name].problem == ENDED]
    if len(ended) > 1:  # by one of them, with which the others were together
        alone = walking.each(registry, partial(_imported, rules), ended, lost=_lost, place=place)
        by_name |= {one.name: one for (one,) in alone}
    return tuple(by_name[part.name] for part in parts)


def _imported(rules: Rules, registry: Registry, parts: Sequence[Part]) -> tuple[Imported, ...]:
    return many_files.tried(registry.database, parts, rules)


def _lost(parts: Sequence[Part], reason: str) -> tuple[Imported, ...]:
    return tuple(Imported(part.name, part.key, problem=reason) for part in parts)


def _first(parts: Sequence[Part]) -> str:
    return parts[0].name
