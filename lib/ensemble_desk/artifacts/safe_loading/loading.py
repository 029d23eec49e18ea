"""Load an artifact: its digest first, then those same bytes into recipes, then the real objects, then checks."""

from dataclasses import dataclass
from typing import Any

from ensemble_desk.artifacts import digests
from ensemble_desk.artifacts.safe_loading import checks, collecting, compression, unpickling
from ensemble_desk.artifacts.safe_loading.allow_list.names import ALLOWED
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, RefusedError, UnfitError
from ensemble_desk.artifacts.safe_loading.building import Build
from ensemble_desk.errors import (
    ArtifactCorruptError,
    ArtifactError,
    IncompatibleArtifactError,
    MissingExtraError,
    TamperedArtifactError,
    UnsafeArtifactError,
    extras,
)

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
    inside = compression.unpack(data, name=name, max_bytes=max_bytes)
    build = Build(most_bytes=_COPIES * len(inside) + _SLACK_BYTES)
    try:
        with collecting.paused():
            content = build.content(unpickling.parse(inside, allowed=ALLOWED))
        checks.structure(content, name=name)
    except (ArtifactError, MissingExtraError):  # a library that is not installed says nothing of the file
        raise
    except RefusedError as error:
        raise UnsafeArtifactError(name, error.asked_for) from error
    except UnfitError as error:
        raise IncompatibleArtifactError(name, str(error)) from error
    except MalformedError as error:
        raise ArtifactCorruptError(name, str(error)) from error
    except (
        Exception
    ) as error:  # hostile bytes make the unpickler raise anything, MemoryError and RecursionError included
        raise ArtifactCorruptError(name, f"it is no complete pickle ({type(error).__name__})") from error
    return Loaded(content, (*_notes(build.library_versions), *build.notes))


def _notes(versions: set[str]) -> tuple[str, ...]:
    if not versions:
        return ()
    with extras.needed():
        from sklearn import __version__

    others = sorted(versions - {__version__})
    return (f"saved by scikit-learn {', '.join(others)}, read by {__version__}",) if others else ()
