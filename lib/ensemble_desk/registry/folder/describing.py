"""Telling once what files do not tell: of one version, of a key, or of every key that fits a pattern."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ensemble_desk.artifacts import descriptions as laying
from ensemble_desk.artifacts import manifest
from ensemble_desk.artifacts.descriptions import Description
from ensemble_desk.errors import (
    ArtifactError,
    ContradictedDescriptionError,
    InvalidDescriptionError,
    NothingDescribedError,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import TO_MOVE, Actor
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import following
from ensemble_desk.registry.folder.examining import inspection
from ensemble_desk.registry.index import descriptions, states
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.descriptions import Scope, Told
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.following import Cause
from ensemble_desk.registry.ledger import pointers, writing
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import verified

_VERB = "describe versions"


@dataclass(frozen=True, slots=True)
class Described:
    """What a description did.

    Attributes
    ----------
    scope, told : what was told of which versions.
    n_versions : versions that it holds for.
    n_own : versions that tell everything themselves and were left alone.
    followed : keys whose production moved, because a version can be served now.
    unfit : versions that still cannot go live, with the reason.
    """

    id: int
    scope: str
    told: str
    n_versions: int
    n_own: int
    followed: tuple[str, ...]
    unfit: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Subject:
    """A version that a description is about, and what its file tells."""

    entry: Entry
    own: Mapping[str, Any]


def describe(registry: Registry, scope: Scope, description: Description, *, actor: Actor) -> Described:
    """Keep what somebody tells, lay it over every version that it is about, and let production follow.

    It holds for versions that come later, too. What is told more precisely (of one version rather than of a key, of a
    key rather than of a pattern) counts more, and then what was told later. A version that this product trained tells
    everything itself and is left alone, unless it is named alone.

    Raises
    ------
    NotAllowedError
    NothingDescribedError
        When no version fits.
    ContradictedDescriptionError, InvalidDescriptionError
        When a file says something else, or what was told does not suffice; nothing is kept then.
    DatabaseError
    """
    if not actor.may(TO_MOVE):
        raise actor.refusal(TO_MOVE, _VERB)
    with registry.database.reading() as connection:
        fitting = [entry for entry in index.everything(connection) if scope.fits(entry.key, entry.version)]
        found = [_Subject(entry, descriptions.own_content(index.manifest(connection, entry))) for entry in fitting]
        before = descriptions.everything(connection)
    if not found:
        raise NothingDescribedError(str(scope))
    subjects = [_known(registry, one) for one in found if scope.is_of_one or "schema_version" not in one.own]
    _check(scope, description, subjects, before)
    told = _keep(registry, scope, description, subjects, actor=actor)
    _remake_forms(registry, subjects, told)
    reason = f"{told.scope} was described ({description.in_words}); this key follows the latest version"
    cause = Cause(actor.name, told.at, reason)
    moved = [
        following.follow(registry, key, cause=lambda _: cause, again=True)
        for key in sorted({one.entry.key for one in subjects})
    ]
    return Described(
        id=told.id,
        scope=str(scope),
        told=description.in_words,
        n_versions=len(subjects),
        n_own=len(found) - len(subjects),
        followed=tuple(str(one.key) for one in moved if one.deployment is not None),
        unfit={name: reason for one in moved for name, reason in one.unfit.items()},
    )


def _known(registry: Registry, subject: _Subject) -> _Subject:
    """Learn the classes of the estimators from the file, where the index does not know them yet."""
    plain = "schema_version" not in subject.own and "member_classes" not in subject.own
    if not plain or subject.entry.health not in (State.AVAILABLE, State.UNFIT):
        return subject
    try:
        _, content = verified.load(registry, subject.entry)
    except ArtifactError:
        return subject  # nothing can be held against what is told of it
    return replace(subject, own={**subject.own, **manifest.member_classes(content)})


def _check(scope: Scope, description: Description, subjects: list[_Subject], before: tuple[Told, ...]) -> None:
    problems = {}
    for one in subjects:
        key, version = one.entry.key, one.entry.version
        against = laying.contradictions(description, one.own, key=key)
        if against:
            problems[f"{key} {version}"] = "; ".join(against)
            continue
        earlier = descriptions.merged(descriptions.fitting(before, key, version))
        whole = description if earlier is None else description.over(earlier)
        missing = _missing(whole, one, key)
        if missing:
            raise InvalidDescriptionError(missing)
    if problems:
        raise ContradictedDescriptionError(problems)
    if not subjects:
        raise ContradictedDescriptionError({str(scope): "its versions tell everything themselves"})


def _missing(whole: Description, subject: _Subject, key: Key) -> str:
    """Say what is still to be told before a described version could be scored; '' when nothing."""
    told = laying.effective(whole, subject.own, key=key, version=subject.entry.version)
    limited = whole.threshold is not None or whole.multiplier is not None
    name = f"{key} {subject.entry.version}"
    if "horizon" in told and "label" not in told:
        return f"the move that counts is still unknown of {name}; say --threshold or --multiplier as well"
    if limited and "horizon" not in told and not subject.own.get("label") and not subject.own.get("config"):
        return f"the horizon is still unknown of {name}; say --horizon as well"
    return ""


def _keep(
    registry: Registry, scope: Scope, description: Description, subjects: list[_Subject], *, actor: Actor
) -> Told:
    at = registry.clock()
    with writing.writing(registry) as connection:
        for key in sorted({one.entry.key for one in subjects}):
            pointers.lock_or_create(connection, key, at=at)
        told = descriptions.add(connection, scope, description, actor=actor.name, at=at)
        every = descriptions.everything(connection)
        for one in subjects:
            key, version = one.entry.key, one.entry.version
            descriptions.apply(connection, one.entry, one.own, descriptions.fitting(every, key, version))
            if one.entry.health is State.UNFIT:
                pointer = pointers.lock_or_create(connection, key, at=at)
                index.set_unexamined(connection, one.entry)
                states.restate(connection, key, [version], live=pointer.version)
        return told


def _remake_forms(registry: Registry, subjects: list[_Subject], told: Told) -> None:
    """Write serving forms anew where the meaning of classes was told: a form holds class numbers."""
    if told.description.classes is None:
        return
    with registry.database.reading() as connection:
        entries = [index.require(connection, one.entry.key, one.entry.version) for one in subjects]
    for entry in entries:
        if not entry.described.get("class_meaning"):
            continue
        try:
            _, content = verified.load(registry, entry)
        except ArtifactError:
            continue
        whole = laying.lay_over(content, entry.described)
        sha256 = inspection.make_form(registry.store, entry.file_name, whole).get("sha256")
        registry.cache.forget(entry.sha256, entry.serving_sha256)
        with writing.writing(registry) as connection:
            pointers.lock(connection, entry.key)
            index.set_serving_form(connection, entry, sha256)
