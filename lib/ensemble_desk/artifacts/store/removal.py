"""Removing versions from the folder: the artifact, all that lies beside it under the same stem, its serving form."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ensemble_desk.artifacts import naming, other_names
from ensemble_desk.artifacts.store import claims
from ensemble_desk.errors import ArtifactNameError


def files_of(folder: Path, file_names: Iterable[str]) -> Iterator[str]:
    """Give every file of some versions, relative to the folder, artifacts first: ``STEM.anything`` and serving forms.

    Raises ArtifactNameError for a name that is no version's.
    """
    wanted = tuple(file_names)
    for name in wanted:
        other_names.recognise(name)
    if not wanted or not folder.is_dir():
        return
    stems = {naming.stem(name) for name in wanted if _is_ours(name)}
    yield from (name for name in wanted if not _is_ours(name) and _is_inside(folder, name))
    found = [name for name in os.listdir(folder) if _stem(name) in stems and _is_inside(folder, name)]  # noqa: PTH208
    yield from sorted(found, key=lambda name: (not naming.is_artifact(name), name))
    forms = (naming.form_name(name) for name in wanted if not naming.is_form_alone(name))
    yield from (form for form in forms if _is_inside(folder, form))


def remove(folder: Path, file_names: Iterable[str]) -> int:
    """Remove every file of some versions for good; gives how many there were. Raises OSError.

    A version whose files are gone already is no error, so that what died half-way can be done again.
    """
    removed = 0
    for name in files_of(folder, file_names):
        (folder / name).unlink(missing_ok=True)
        removed += 1
    if removed:
        claims.sync_folder(folder)
    return removed


def _is_inside(folder: Path, name: str) -> bool:
    """Tell whether a file is there, no folder, and its place is no link to elsewhere, whose files are others'."""
    path = folder / name
    return os.path.lexists(path) and not claims.is_folder(path) and not claims.leaves(str(path.parent), folder)


def _is_ours(name: str) -> bool:
    try:
        naming.parse(name)
    except ArtifactNameError:
        return False
    return True


def _stem(name: str) -> str:
    """Give what a file name holds before its kind; versions hold no dot, symbols may."""
    head, _, version_and_kind = name.rpartition("_")
    version, dot, _ = version_and_kind.partition(".")
    return f"{head}_{version}" if dot else ""
