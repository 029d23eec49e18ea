"""Which names of code an artifact asks for, told without constructing anything of it."""

from typing import Any, Self

from ensemble_desk.artifacts import serving_form
from ensemble_desk.artifacts.safe_loading import compression, unpickling
from ensemble_desk.artifacts.safe_loading.allow_list.names import ALLOWED
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    UNSET,
    MalformedError,
    Recipe,
    RefusedError,
    Sealed,
    token,
)
from ensemble_desk.errors import ArtifactCorruptError, MissingExtraError


class _Inert(Recipe):
    """Stands for any name, and lets the pickle do to it what it likes: nothing."""

    __slots__ = ()

    def __new__(cls, *args: Any, **keywords: Any) -> Self:
        del args, keywords
        self = object.__new__(cls)
        self.args, self.state, self.built = (), UNSET, UNSET
        return self

    def __setstate__(self, state: Any) -> None:
        """Take a state and forget it."""

    def __call__(self, *args: Any, **keywords: Any) -> Self:
        del args, keywords
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        """Take an item and forget it."""

    def append(self, item: Any) -> None:
        """Take an item and forget it."""

    add = append


def code_surface(data: bytes, *, name: str = "the artifact", max_bytes: int = 2**30) -> tuple[str, ...]:
    """List what unpickling would look up, as ``module name``, sorted; compressed and joblib files too.

    The pickle's instructions are followed exactly, strings from its memo and all, but every name leads to an object
    that does nothing. So a name cannot be hidden the way it can from a search for strings.

    Of a damaged file that asks for names outside of the allow-list, those before the damage are listed.

    Raises
    ------
    ArtifactCorruptError, ArtifactTooLargeError
        When the file is no pickle, or unpacks to more than `max_bytes`.
    """
    if serving_form.is_form(data):
        return ()
    found: set[str] = set()
    inside = compression.unpack(data, name=name, max_bytes=max_bytes)

    def find(module: str, wanted: str) -> type:
        found.add(f"{module} {wanted}")
        known = ALLOWED.get((module, wanted))
        if known is not None:
            return known
        return Sealed("Inert", (_Inert,), {"__slots__": (), "asked_for": wanted, "build": staticmethod(token)})

    try:
        unpickling.parse_with(inside, find=find)
    except RefusedError as error:
        found.add(error.asked_for)
    except MissingExtraError:
        raise
    except Exception as error:  # hostile bytes make the unpickler raise anything
        if all(tuple(asked.split(" ", 1)) in ALLOWED for asked in found):
            problem = str(error) if isinstance(error, MalformedError) else type(error).__name__
            raise ArtifactCorruptError(name, f"it is no complete pickle ({problem})") from error
    return tuple(sorted(found))
