"""One version under preflight: what its steps find out on the way and pass on to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ensemble_desk.artifacts import descriptions
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.index import entries
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.ledger import pointers
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import verified

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step found: passed, failed or skipped, and in words."""

    outcome: str
    detail: str


def passed(detail: str) -> Outcome:
    return Outcome(PASSED, detail)


def failed(detail: str) -> Outcome:
    return Outcome(FAILED, detail)


def skipped(reason: str) -> Outcome:
    """Say that a step has no answer for this version, and why."""
    return Outcome(SKIPPED, reason)


@dataclass(slots=True)
class Examination:
    """What is known of the version so far.

    Attributes
    ----------
    entry : its row of the index.
    served : the version that serves now, or served before when the examined one serves; None when there is none.
    served_manifest : what that one's manifest says.
    lifting : whether the move that asks lifts the quarantine.
    data, content, notes : its bytes, its content, and what loading it warned of; set by the first steps.
    form : the content of its serving form, empty when it has none.
    lacking : what this installation lacks to examine it; '' when nothing.
    """

    registry: Registry
    entry: Entry
    served: str | None
    served_manifest: Mapping[str, Any]
    lifting: bool
    data: bytes = b""
    content: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    form: Mapping[str, Any] = field(default_factory=dict)
    lacking: str = ""

    @property
    def is_plain(self) -> bool:
        return "schema_version" not in self.content


def begin(registry: Registry, key: Key, version: str, *, lifting: bool) -> Examination:
    """Look the version up; raises UnknownVersionError."""
    with registry.database.reading() as connection:
        entry = index.require(connection, key, version)
        pointer = pointers.read(connection, key)
        served = None
        if pointer is not None:
            served = pointer.previous_version if pointer.version == version else pointer.version
        other = entries.find(connection, key, served) if served else None
        manifest = index.manifest(connection, other) if other else {}
    return Examination(registry, entry, served if other else None, manifest, lifting)


def exists(subject: Examination) -> Outcome:
    if not subject.registry.store.exists(subject.entry.file_name):
        return failed(f"{subject.entry.file_name} is not in the models folder")
    return passed(f"{subject.entry.file_name}, {subject.entry.size_bytes / 2**10:,.0f} KiB")


def digest(subject: Examination) -> Outcome:
    subject.data = verified.read(subject.registry, subject.entry, nearby=False)
    form = verified.form(subject.registry, subject.entry)
    if form is not None:
        found = verified.read_form(form, name=subject.entry.file_name)
        subject.form = descriptions.lay_over(found, subject.entry.described)
    beside = " and of its serving form" if form is not None else ""
    return passed(f"SHA-256 {subject.entry.sha256[:12]}…{beside} as registered")


def safe_load(subject: Examination) -> Outcome:
    if subject.entry.health is State.INCOMPATIBLE:
        return failed(subject.entry.problem)
    loaded = loading.load_with_notes(
        subject.data, name=subject.entry.file_name, max_bytes=subject.registry.store.max_bytes
    )
    subject.content = descriptions.lay_over(loaded.content, subject.entry.described)
    subject.notes = loaded.warnings
    members = ", ".join(str(name) for name in subject.content.get("models", {}))
    return passed(f"members {members}")


def quarantine(subject: Examination) -> Outcome:
    reason = subject.entry.quarantine_reason
    if reason is None:
        return passed("not quarantined")
    if subject.lifting:
        return skipped("this move lifts the quarantine")
    return failed(f"quarantined: {reason}")
