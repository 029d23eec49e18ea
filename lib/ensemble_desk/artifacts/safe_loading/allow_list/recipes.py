"""Recipes: what a pickle asks to be made, noted down without making it.

The unpickler finds a recipe class in place of every class and function that a pickle names. Whatever the pickle then
does (calls, new objects, states set twice, in any order) only fills in notes. The real objects are made afterwards by
the functions in the allow-list, from parts that those functions have checked.

One thing is made at once, for speed: an array that looks at bytes of the file (`at_once`). A pickle can do nothing to
it: until the file is read nothing may write to it, and to refill it takes a data type, which are only noted down.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, Self

from ensemble_desk.artifacts.safe_loading.allow_list.unhashed import NotAtomsError, Pairs, as_dict
from ensemble_desk.errors.base import cut, listed


class RefusedError(Exception):
    """The pickle asks for something that no artifact needs."""

    def __init__(self, *, asked_for: str) -> None:
        self.asked_for = cut(asked_for)
        super().__init__(self.asked_for)


class MalformedError(Exception):
    """The pickle is incomplete or contradicts itself."""

    def __init__(self, *, problem: str) -> None:
        super().__init__(cut(problem))


class BrokenError(MalformedError):
    """No pickler writes this, whatever library was asked: the bytes are damaged."""


class UnfitError(Exception):
    """The pickle is sound, but made by a library that this one cannot follow."""

    def __init__(self, *, problem: str) -> None:
        super().__init__(cut(problem))


class Builder(Protocol):
    """What a function of the allow-list may use."""

    last_seen: tuple[Any, Any, Any]  # kept by `arrays.view_again`: kind, state and array

    def value(self, given: Any) -> Any:
        """Make the real value of a part: of a container all that is inside, of a recipe what it stands for."""
        ...

    def attributes(self, given: Any, *, taken: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Make the attributes of an object from its listed state: every name a text and none of those taken."""
        ...

    def copying(self, n_bytes: int) -> None:
        """Count what is about to be made; raises MalformedError once that is more than the file holds."""
        ...

    def remember_tree(self, noted: Any) -> None:
        """Keep what a tree is to be filled with until all trees are checked at once; see `nodes.Noted`."""
        ...

    def remember_note(self, note: str) -> None:
        """Keep a sentence for whoever loads the artifact."""
        ...

    def remember_library_version(self, version: object) -> None:
        """Keep which scikit-learn an estimator was saved by."""
        ...


UNSET: Any = object()
_bare = object.__new__  # looked up once: a forest has thousands of recipes
_OBJECT = ("builtins.object", "__builtin__.object")
_DEFAULTS = ("list", "dict", "float", "int", "str", "set")
_FACTORIES = tuple(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in _DEFAULTS)
_PAIR_BYTES = 16


class Sealed(type):
    """A class that cannot be changed: a pickle may try to set the state of the class itself."""

    asked_for: str

    def __setattr__(cls, name: str, value: object) -> None:
        raise RefusedError(asked_for=f"a change of {cls.__name__}.{name}")

    def __delattr__(cls, name: str) -> None:
        raise RefusedError(asked_for=f"a change of {cls.__name__}.{name}")


class Recipe(metaclass=Sealed):
    """One thing to be made: arguments and state as the pickle gave them; one subclass for each allowed name."""

    __slots__ = ("args", "built", "state")

    asked_for: ClassVar[str] = "a recipe without a name"
    build: ClassVar[Callable[[Builder, "Recipe"], Any]]

    args: tuple[Any, ...]
    state: Any
    built: Any

    def __new__(cls, *args: Any) -> Self:
        self = _bare(cls)
        self.args = args
        self.state = self.built = UNSET
        return self

    def __setstate__(self, state: Any) -> None:
        if self.state is not UNSET:
            raise RefusedError(asked_for=f"a second state of {self.asked_for}")
        self.state = state


class Record(Recipe):
    """A dict of another class (ordered, or with a default); becomes a plain dict."""

    __slots__ = ("pairs",)

    asked_for: ClassVar[str] = "a dict of another class"

    pairs: Pairs

    def __new__(cls, *args: Any) -> Self:
        self = super().__new__(cls, *args)
        self.pairs = Pairs()
        return self

    def extend(self, items: list[Any]) -> None:
        self.pairs.extend(items)

    @staticmethod
    def build(builder: Builder, given: Recipe) -> Any:  # type: ignore[override] # static, as `recipe` makes it
        """Make the dict of what was given at first, and what was added later."""
        args = stateless(given)
        if is_token(args[0] if args else None, *_FACTORIES) or (args and args[0] is None):
            args = args[1:]  # the class of missing values is dropped
        expect(len(args) <= 1 and all(type(arg) in (list, Pairs) for arg in args), "a dict of another class")
        pairs = Pairs()
        for arg in args:
            builder.copying(_PAIR_BYTES * len(arg))
            if type(arg) is list:
                expect(all(type(one) in (list, tuple) and len(one) == 2 for one in arg), "a dict of another class")  # noqa: PLR2004 - key and value
                arg = [part for one in arg for part in one]  # noqa: PLW2901 - the same, flat
            pairs.extend(arg)
        pairs.extend(given.pairs)  # type: ignore[attr-defined] # it is a Record
        return builder.value(pairs)


class Bunch(Record):
    """scikit-learn's dict whose keys can be asked for as attributes; what it remembers of deprecations is dropped."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        """Take a state and forget it."""


def recipe(asked_for: str, build: Callable[[Builder, Recipe], Any]) -> type[Recipe]:
    """Make the recipe class of one allowed name."""
    body = {"__slots__": (), "asked_for": asked_for, "build": staticmethod(build)}
    made: type[Recipe] = Sealed(asked_for.rpartition(".")[2], (Recipe,), body)  # type: ignore[assignment]
    return made


def at_once(asked_for: str, make: Callable[..., Any]) -> type:
    """Make the class of an allowed name that is answered while the file is read; `make` gets the class first."""
    body = {"__slots__": (), "asked_for": asked_for, "__new__": make}
    return Sealed(asked_for.rpartition(".")[2], (), body)


def dict_of(pairs: Any) -> dict[Any, Any]:
    """Make the dict that a pickle lists, its values as they are; raises MalformedError unless its keys are atoms."""
    try:
        return as_dict(pairs)
    except NotAtomsError as error:
        raise BrokenError(problem="a key of a dict is neither a number nor a text") from error


def token(_builder: Builder, given: Recipe) -> Any:
    """Build nothing: this name only stands as an argument of others."""
    raise RefusedError(asked_for=f"an instance of {given.asked_for} by itself")


def nothing(_builder: Builder, _given: Recipe) -> None:
    """Make nothing of what an estimator keeps from its training; whoever needs it makes it anew."""


def function(module: str, name: str) -> type[Recipe]:
    """Make the recipe class of a library's function that an estimator holds, but never calls again."""
    made = recipe(f"{module}.{name}", token)
    FUNCTIONS[made] = (module, name)
    return made


FUNCTIONS: dict[type, tuple[str, str]] = {}


def reconstructed(builder: Builder, given: Recipe) -> Any:
    """Make an object as protocols 0 and 1 write it: its class, the plain base ``object`` and its state."""
    args = given.args
    expect(len(args) == 3 and args[2] is None, "an object")  # noqa: PLR2004 - class, base, state of the base
    kind, base, _ = args
    if not (isinstance(kind, type) and issubclass(kind, Recipe) and is_token(base, *_OBJECT)):
        raise RefusedError(asked_for="an object of another kind")
    made = kind()
    made.state = given.state
    return builder.value(made)


def is_token(given: Any, *asked_for: str) -> bool:
    """Tell whether a part is the class of one of these names itself."""
    return type(given) is Sealed and given.asked_for in asked_for


def stateless(given: Recipe) -> tuple[Any, ...]:
    """Give the arguments of a recipe that has no state to set."""
    if given.state is not UNSET:
        raise RefusedError(asked_for=f"a state of {given.asked_for}")
    return given.args


def listed_state_of(given: Recipe) -> Any:
    """Give the state of a recipe that takes no arguments: what would be a dict as its `Pairs`."""
    if given.args:
        raise RefusedError(asked_for=f"{given.asked_for} with arguments")
    if given.state is UNSET:
        raise MalformedError(problem=f"{given.asked_for} has no content")
    return given.state


def state_of(given: Recipe) -> Any:
    """Give the state of a recipe that takes no arguments, the values of a dict as they are."""
    state = listed_state_of(given)
    return dict_of(state) if type(state) is Pairs else state


def expect(condition: object, subject: str, *names: str) -> None:
    """Raise MalformedError about a subject unless the condition holds."""
    if not condition:
        about = f" ({listed(names)})" if names else ""
        raise MalformedError(problem=f"{subject} contradicts itself{about}")
