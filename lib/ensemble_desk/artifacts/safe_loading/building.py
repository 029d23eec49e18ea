"""Make the real content of an artifact out of what the unpickler noted down."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list import nodes, trees
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    FUNCTIONS,
    UNSET,
    MalformedError,
    RefusedError,
    Sealed,
    dict_of,
)
from ensemble_desk.artifacts.safe_loading.allow_list.unhashed import (
    KEYS,
    FrozenMembers,
    Members,
    NotAtomsError,
    Pairs,
    split,
)
from ensemble_desk.errors import extras
from ensemble_desk.errors.base import cut

_ATOMS = frozenset({type(None), bool, int, float, str, bytes})
_DEEPEST = 100  # one artifact with a forest has 12
_MOST_MADE = 300_000  # lists, dicts and objects; a forest of 20,000 trees has 100,000
_MOST_VERSIONS, _MOST_VERSION_LETTERS = 8, 40
_BUSY: Any = object()
_CHUNK_NODES = 10_000  # more would ask the system for memory each time


class Build:
    """One building of one graph; every part is made once, so what was shared stays shared.

    ``most_bytes`` bounds what is copied: as much as the file holds, since each part stands in it once. A pickle could
    name the same bytes ten thousand times.
    """

    def __init__(self, *, most_bytes: int) -> None:
        self._left_bytes = most_bytes
        self._depth = self._n_made = 0
        self.library_versions: set[str] = set()
        self.notes: dict[str, None] = {}  # each once, in order
        self._last_version: object = None
        self._trees: list[nodes.Noted] = []
        self._n_nodes = 0
        self._names: list[Any] = []  # of the last attributes, with their types
        self._kinds: list[type] = []
        self._taken: frozenset[str] = frozenset()
        self._compound: list[int] = []
        self.last_seen: tuple[Any, Any, Any] = (None, None, None)
        self._done: dict[int, tuple[Any, Any]] = {}  # the part is kept with its value so that its id stays its own

    def content(self, graph: Any) -> Any:
        """Make everything; when it returns, every tree has been checked and filled."""
        made = self.value(graph)
        self._fill_trees()
        return made

    def value(self, given: Any) -> Any:
        kind = type(given)
        if type(kind) is Sealed:  # a recipe; quicker than asking isinstance, and there are thousands
            built = given.built
            if built is UNSET:
                given.built = _BUSY
                self._deeper()
                built = given.built = kind.build(self, given)
                self._depth -= 1
            elif built is _BUSY:
                raise MalformedError(problem=f"{given.asked_for} contains itself")
            return built
        if kind in _ATOMS:
            return given
        if kind in _CONTAINERS:
            return self._container(given, _CONTAINERS[kind])
        if kind is Sealed and given in FUNCTIONS:
            module, name = FUNCTIONS[given]
            with extras.needed():
                return getattr(importlib.import_module(module), name)
        asked_for = getattr(given, "asked_for", kind.__name__)
        raise RefusedError(asked_for=f"{asked_for} where a value belongs")

    def _deeper(self) -> None:
        self._depth += 1
        self._n_made += 1
        if self._depth > _DEEPEST or self._n_made > _MOST_MADE:
            raise MalformedError(problem="its parts are nested too deeply, or too many")

    def attributes(self, given: Any, *, taken: frozenset[str] = frozenset()) -> dict[str, Any]:
        if type(given) is not Pairs:
            raise MalformedError(problem="the state of an object is no dict")
        names, values = given[::2], given[1::2]
        kinds = list(map(type, values))
        if names != self._names or kinds != self._kinds or taken is not self._taken:
            names, values = self._study(given, taken)  # anew: the trees of a forest all look the same
        for position in self._compound:
            values[position] = self.value(values[position])
        return dict(zip(names, values))  # noqa: B905 - as many of each, and a forest has thousands

    def _study(self, given: Pairs, taken: frozenset[str]) -> tuple[list[str], list[Any]]:
        """Check the names of attributes, and find which of them need more than to be copied."""
        told = dict_of(given)
        names, values = list(told), list(told.values())
        if not all(type(name) is str for name in names):
            raise MalformedError(problem="the state of an object has attributes without a name")
        if not taken.isdisjoint(names):
            raise MalformedError(problem=f"an object would have its {min(taken.intersection(names))} replaced")
        self._names, self._kinds, self._taken = names, list(map(type, values)), taken
        self._compound = [position for position, kind in enumerate(self._kinds) if kind not in _ATOMS]
        return names, values

    def copying(self, n_bytes: int) -> None:
        self._left_bytes -= n_bytes
        if self._left_bytes < 0:
            raise MalformedError(problem="it would make more than the file holds")

    def remember_tree(self, noted: nodes.Noted) -> None:
        self._trees.append(noted)
        self._n_nodes += noted[2]
        if self._n_nodes > _CHUNK_NODES:
            self._fill_trees()

    def _fill_trees(self) -> None:
        if self._trees:
            nodes.fill(self._trees, trees.compiled()[1])
        self._trees, self._n_nodes = [], 0

    def remember_note(self, note: str) -> None:
        self.notes.setdefault(note)

    def remember_library_version(self, version: object) -> None:
        if version is not self._last_version and len(self.library_versions) < _MOST_VERSIONS:
            self._last_version = version
            told = cut(version, most=_MOST_VERSION_LETTERS) if type(version) is str else "unknown"
            self.library_versions.add(told)

    def _container(self, given: Any, make: Callable[["Build", Any], Any]) -> Any:
        done = self._done.get(id(given))
        if done is None:
            self._done[id(given)] = (given, _BUSY)
            self._deeper()
            done = (given, make(self, given))
            self._depth -= 1
            self._done[id(given)] = done
        elif done[1] is _BUSY:
            raise MalformedError(problem="a part of it contains itself")
        return done[1]

    def _pairs(self, given: Pairs) -> dict[Any, Any]:
        try:
            keys, values = split(given)
        except NotAtomsError as error:
            raise MalformedError(problem="a key of a dict has no value") from error
        if not KEYS.issuperset(map(type, keys)):
            keys = [self._key(key) for key in keys]
        if not _ATOMS.issuperset(map(type, values)):
            values = [value if type(value) in _ATOMS else self.value(value) for value in values]
        return dict(zip(keys, values, strict=True))

    def _key(self, given: Any) -> Any:
        made = self.value(given)
        if isinstance(made, np.generic):
            made = made.item()
        if type(made) in KEYS:
            return made
        raise MalformedError(problem="a key of a dict is neither a number nor a text")

    def _list(self, given: list[Any]) -> list[Any]:
        if not _ATOMS.issuperset(map(type, given)):
            given[:] = map(self.value, given)
        return given

    def _tuple(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return given if _ATOMS.issuperset(map(type, given)) else tuple(map(self.value, given))

    def _array(self, given: NDArray[Any]) -> NDArray[Any]:
        self.copying(given.nbytes)
        return given.copy(order="K")  # its own memory, to be written to as pickle leaves it

    def _set(self, given: Members) -> set[Any]:
        return set(self._members(given))

    def _frozen_set(self, given: FrozenMembers) -> frozenset[Any]:
        return frozenset(self._members(given))

    def _members(self, given: list[Any]) -> list[Any]:
        if not _ATOMS.issuperset(map(type, given)):
            raise MalformedError(problem="a set holds more than numbers and texts")
        return given


_CONTAINERS: dict[type, Callable[[Build, Any], Any]] = {
    np.ndarray: Build._array,  # noqa: SLF001
    list: Build._list,  # noqa: SLF001
    tuple: Build._tuple,  # noqa: SLF001
    Pairs: Build._pairs,  # noqa: SLF001
    Members: Build._set,  # noqa: SLF001
    FrozenMembers: Build._frozen_set,  # noqa: SLF001
}
