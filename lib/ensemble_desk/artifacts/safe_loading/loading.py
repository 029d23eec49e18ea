"""Load an artifact: its digest first, then those same bytes into recipes, then the real objects, then checks."""

import re
import sys
from dataclasses import dataclass
from typing import Any

from ensemble_desk.artifacts import digests, serving_form
from ensemble_desk.artifacts.safe_loading import (
    checks,
    collecting,
    compression,
    exported,
    told_beside,
    trial,
    unpickling,
)
from ensemble_desk.artifacts.safe_loading.allow_list.families import older
from ensemble_desk.artifacts.safe_loading.allow_list.names import ALLOWED
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    BrokenError,
    MalformedError,
    RefusedError,
    UnfitError,
)
from ensemble_desk.artifacts.safe_loading.building import Build
from ensemble_desk.errors import (
    ArtifactCorruptError,
    ArtifactError,
    IncompatibleArtifactError,
    MissingExtraError,
    TamperedArtifactError,
    UnsafeArtifactError,
)

_VERSION = re.compile(rb"_sklearn_version.{1,16}?([0-9]{1,2}\.[0-9]{1,3}(?:\.[0-9]{1,3})?)", re.DOTALL)
_LIBRARIES = frozenset(
    {"catboost", "keras", "lightgbm", "pandas", "prophet", "sklearn", "statsmodels", "tensorflow", "torch", "xgboost"}
)
_VALUES = frozenset(  # modules of the standard library whose classes are values, not ways to do something
    {"array", "collections", "datetime", "decimal", "enum", "fractions", "ipaddress", "pathlib", "string", "uuid"}
    | {"zoneinfo"}
)
_IN_LOWER_CASE = ("collections.deque", "array._array_reconstructor")
_AGAIN = "Train it again, or save it anew with the scikit-learn of this installation"
_COPIES = 2  # bytes of a text, as older protocols write them, and the array made of these
_SLACK_BYTES = 2**16  # what is made small, such as copies of empty arrays


@dataclass(frozen=True, slots=True)
class Loaded:
    """The content of an artifact, and what its reader should know: ``warnings`` holds one sentence each."""

    content: dict[str, Any]
    warnings: tuple[str, ...]


def load(data: bytes, *, name: str, max_bytes: int, expected_sha256: str | None = None) -> dict[str, Any]:
    """Load an artifact from its bytes; nothing in it is run, whatever the file holds.

    Parameters
    ----------
    name : the file's name, for the errors.
    max_bytes : largest size, packed and unpacked.
    expected_sha256 : digest recorded at registration; None for a file that is not registered yet.

    Raises
    ------
    TamperedArtifactError
        When the bytes are others than those that were registered.
    UnsafeArtifactError
        When the file asks for a name outside of the allow-list.
    ArtifactTooLargeError, ArtifactCorruptError
        When it is too large, or no complete artifact.
    IncompatibleArtifactError
        When it is sound, but not a version that this code can serve.
    """
    return load_with_notes(data, name=name, max_bytes=max_bytes, expected_sha256=expected_sha256).content


def load_with_notes(data: bytes, *, name: str, max_bytes: int, expected_sha256: str | None = None) -> Loaded:
    """Load like `load`, together with warnings: above all, another scikit-learn saved it."""
    if expected_sha256 is not None:
        actual = digests.of(data)
        if actual != expected_sha256:
            raise TamperedArtifactError(name, expected=expected_sha256, actual=actual)
    if serving_form.is_form(data):
        whole = exported.read(data, name=name, check=checks.structure, max_bytes=max_bytes)
        return Loaded(told_beside.settled(whole, name=name), ())
    return _unpickled(data, name=name, max_bytes=max_bytes)


def _unpickled(data: bytes, *, name: str, max_bytes: int) -> Loaded:
    inside = compression.unpack(data, name=name, max_bytes=max_bytes)
    build = Build(most_bytes=_COPIES * len(inside) + _SLACK_BYTES)
    is_whole = False
    try:
        with collecting.paused():
            graph = unpickling.parse(inside, allowed=ALLOWED)
            is_whole = True
            content = told_beside.settled(build.content(graph), name=name)
        checks.structure(content, name=name)
        if _foreign(build.library_versions):
            trial.ask(content["models"])
    except (ArtifactError, MissingExtraError):  # a library that is not installed says nothing of the file
        raise
    except RefusedError as error:
        raise _refusal(name, error.asked_for) from error
    except UnfitError as error:
        raise IncompatibleArtifactError(name, f"{_origin(inside)}{error}") from error
    except MalformedError as error:
        origin = _origin(inside) if is_whole and not isinstance(error, BrokenError) else ""
        if origin:
            raise IncompatibleArtifactError(name, f"{origin}{error}. {_AGAIN}") from error
        raise ArtifactCorruptError(name, compression.else_of(inside) or str(error)) from error
    except (
        Exception
    ) as error:  # hostile bytes make the unpickler raise anything, MemoryError and RecursionError included
        raise ArtifactCorruptError(name, f"it is no complete pickle ({type(error).__name__})") from error
    return Loaded(content, (*_notes(build.library_versions), *build.notes))


def _refusal(name: str, asked_for: str) -> ArtifactError:
    """Tell a class of a library or of a team's own, which only cannot be read here, from a name that runs code."""
    root, last = asked_for.partition(".")[0], asked_for.rpartition(".")[2]
    is_class = (
        last.lstrip("_")[:1].isupper() or (root in _LIBRARIES and last.startswith("_")) or asked_for in _IN_LOWER_CASE
    )
    is_known_place = root in _VALUES or (root.isidentifier() and root not in sys.stdlib_module_names)
    if root == "__main__" and not is_class:
        problem = f"it holds {asked_for}, a function of the program that wrote it, and a function is code"
        return IncompatibleArtifactError(name, f"{problem}; nothing in it was run. Train without it")
    if is_class and is_known_place and "." in asked_for:
        problem = f"it holds {asked_for}, which is not read from a pickle; nothing in it was run"
        if root in _VALUES:
            problem = f"it holds a {asked_for}, which is not plain data; nothing in it was run"
            return IncompatibleArtifactError(name, f"{problem}. Save it without, or export it with: desk export {name}")
        return IncompatibleArtifactError(name, f"{problem}. docs/members.md lists what is read")
    return UnsafeArtifactError(name, asked_for)


def _origin(inside: bytes) -> str:
    """Say which other scikit-learn wrote a file, '' when it was this one or the file does not tell."""
    found = {version.decode() for version in _VERSION.findall(inside)}
    others = sorted(_foreign(found)) if found else []
    return f"it was written by scikit-learn {', '.join(others)}, and {older.this_version()} reads: " if others else ""


def _foreign(versions: set[str]) -> set[str]:
    return versions - {older.this_version()} if versions else set()


def _notes(versions: set[str]) -> tuple[str, ...]:
    others = sorted(_foreign(versions))
    return (f"saved by scikit-learn {', '.join(others)}, read by {older.this_version()}",) if others else ()
