"""Registered files compared with the index: their bytes, their serving forms and the manifests beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from ensemble_desk.artifacts import digests, naming
from ensemble_desk.artifacts.store.protocol import Store
from ensemble_desk.errors import ArtifactError, ArtifactMissingError
from ensemble_desk.errors.base import cut, listed
from ensemble_desk.market import aims
from ensemble_desk.registry.entities import Finding, State
from ensemble_desk.registry.index import manifest_columns
from ensemble_desk.registry.index.entries import Entry

MISSING, CHANGED, UNREADABLE = "artifact missing", "artifact changed", "artifact unreadable"
MANIFEST, STATE = "manifest contradicts index", "index contradicts pointer"
_LEARNT = frozenset({"serving", "member_classes"})  # what the index tells beyond the manifest of a file


@dataclass(frozen=True, slots=True)
class Registered:
    """What the index tells of one version.

    Attributes
    ----------
    columns : what its row tells of the manifest.
    manifest : that manifest as JSON; empty when there is none.
    has_manifest : whether one lies beside its file; None: nobody looked.
    """

    entry: Entry
    columns: Mapping[str, Any]
    manifest: str
    has_manifest: bool | None


def check(store: Store, of: Registered) -> tuple[Finding, ...]:
    """Read the files of a version and tell what is not as registered; nothing is loaded, nothing but findings kept."""
    return (*_artifact(store, of.entry), *_manifest(store, of))


def lost(of: Registered, reason: str) -> tuple[Finding, ...]:
    """Tell of a version that no process could check."""
    return (Finding(of.entry.key, UNREADABLE, f"{of.entry.file_name}: {reason}"),)


def _artifact(store: Store, entry: Entry) -> Iterator[Finding]:
    try:
        data = store.read(entry.file_name)
    except ArtifactMissingError:
        yield Finding(entry.key, MISSING, f"{entry.file_name} is not in the models folder")
    except ArtifactError as error:
        yield Finding(entry.key, UNREADABLE, str(error))
    else:
        actual = digests.of(data)
        if actual != entry.sha256:
            told = f"{entry.file_name}: SHA-256 is {actual[:12]}…, registered was {entry.sha256[:12]}…"
            yield Finding(entry.key, CHANGED, told)
            return
        if entry.health is not State.MISSING and len(data) != entry.size_bytes:
            told = f"{entry.file_name} has {len(data):,} bytes, the index tells {entry.size_bytes:,}"
            yield Finding(entry.key, MANIFEST, told)
        yield from _form(store, entry)


def _form(store: Store, entry: Entry) -> Iterator[Finding]:
    """Compare the serving form with its digest; one that is missing or changed is made anew by the next forced sync."""
    name, form = naming.form_name(entry.file_name), None
    try:
        form = store.form(entry.file_name) if entry.serving_sha256 else None
    except ArtifactMissingError:
        yield Finding(entry.key, MISSING, f"{name} is not in the models folder; `registry sync` makes it anew")
    except ArtifactError as error:
        yield Finding(entry.key, UNREADABLE, str(error))
    if form is not None and digests.of(form) != entry.serving_sha256:
        yield Finding(entry.key, CHANGED, f"{name} is not what was registered; `registry sync` makes it anew")
    elif entry.health is State.TAMPERED:
        yield Finding(entry.key, STATE, f"{entry.version} is marked as tampered, but its file is the registered one")


def _manifest(store: Store, of: Registered) -> Iterator[Finding]:
    entry = of.entry
    try:
        content: Mapping[str, Any] = dict(from_json(of.manifest) or {}) if of.manifest else {}
    except (ValueError, TypeError):
        yield Finding(entry.key, MANIFEST, f"{entry.version}: its manifest in the index cannot be read")
        return
    told = manifest_columns.of_manifest(content) | _horizon(content, of.columns["horizon"])
    differing = [name for name, value in told.items() if of.columns[name] != value]
    if differing:
        yield Finding(entry.key, MANIFEST, f"{entry.version}: the index tells another {', '.join(differing)}")
    try:
        beside = store.manifest(entry.file_name)
    except ArtifactError as error:
        yield Finding(entry.key, MANIFEST, str(error))
        return
    if beside is None and of.has_manifest:
        yield Finding(entry.key, MISSING, f"the manifest of {entry.file_name} is gone from the models folder")
    if beside is None or not content:
        return
    names = sorted(set(beside.content) | set(content))
    other = [name for name in names if name not in _LEARNT and beside.content.get(name) != content.get(name)]
    if other:
        yield Finding(entry.key, MANIFEST, f"{entry.file_name}: the file beside it tells another {cut(listed(other))}")


def _horizon(content: Mapping[str, Any], has: str | None) -> dict[str, Any]:
    """Give the horizon that a manifest names beside its label; others are named by a table that settings may change.

    A registry that an earlier release restored from its ledger knows of none.
    """
    told = content.get("horizon")
    is_name = isinstance(told, str) and told and not told.strip().isdecimal()
    return {"horizon": told} if has and is_name and aims.label_of(content.get("label")) is not None else {}
