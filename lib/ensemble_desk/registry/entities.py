"""What the registry tells: versions, the production pointer, deployments and preflight reports, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ensemble_desk.market.keys import Key


class State(StrEnum):
    """What can be said of one version; only ``available`` and ``in production`` can serve."""

    IN_PRODUCTION = "in production"
    AVAILABLE = "available"
    QUARANTINED = "quarantined"
    TAMPERED = "tampered"
    INCOMPATIBLE = "incompatible"
    MISSING = "missing"
    UNFIT = "unfit"  # it failed the preflight without which nothing goes live
    PRUNED = "pruned"  # removed by retention: only its tombstone is left, and only who asks for this state sees it


UNSERVED = (State.TAMPERED, State.INCOMPATIBLE, State.MISSING, State.UNFIT)  # the loader offers none of these


class Mode(StrEnum):
    """How the production pointer behaves when a newer version is registered."""

    FOLLOW_LATEST = "follow latest"
    PINNED = "pinned"


class Action(StrEnum):
    """What a deployment row records."""

    FOLLOW = "follow"  # automatic: follow latest took a newly registered version
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    FOLLOW_LATEST = "follow latest"
    QUARANTINE = "quarantine"
    LIFT = "lift"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One row of the version index; everything a list shows without opening a file.

    ``ensemble_accuracy`` and its companions are holdout shares in 0..1 and None when the artifact does not tell.
    """

    key: Key
    version: str
    state: State
    file_name: str
    sha256: str
    size_bytes: int
    created_at: datetime
    ensemble_accuracy: float | None
    baseline_accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    n_holdout: int | None
    n_eff: float | None
    weights: Mapping[str, float]
    first_bar: datetime | None
    last_bar: datetime | None
    run_id: int | None
    problem: str = ""  # why it is tampered, incompatible, missing, unfit or pruned
    quarantine_reason: str = ""
    leakage_suspected: bool = False
    previously_live: bool = False
    horizon: str | None = None  # name of the trained horizon, None until the file or a person tells it


@dataclass(frozen=True, slots=True)
class Production:
    """The production pointer of one key; ``version`` is what serves, None when no version is usable."""

    key: Key
    version: str | None
    mode: Mode
    revision: int
    since: datetime
    actor: str
    reason: str
    sha256: str | None = None
    newer_waiting: str | None = None  # newest usable version while an older one is pinned
    previous: str | None = None  # version that was live before the current one


@dataclass(frozen=True, slots=True)
class Step:
    """One preflight step: ``outcome`` is passed, failed or skipped; only a failed ``hard`` step stops a move."""

    name: str
    outcome: str
    hard: bool
    detail: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """All steps for one version, in the order they ran."""

    key: Key
    version: str
    at: datetime
    steps: tuple[Step, ...] = field(default_factory=tuple)
    lacking: str = ""  # a library that is not installed here, so that nothing is proven of the version

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.hard and step.outcome == "failed")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One append-only row of history: a move of the pointer, or an attempt that was refused."""

    id: int
    key: Key
    at: datetime
    action: Action
    outcome: str  # moved | refused
    from_version: str | None
    to_version: str | None
    mode: Mode
    revision: int  # revision after the move; unchanged by a refusal
    actor: str
    reason: str
    sha256: str | None
    preflight: tuple[Mapping[str, Any], ...]
    refusal: str
    group_id: str | None
    previous_hash: str
    hash: str
    subject: str | None = None  # the version that the action is about; for a quarantine not the one that serves

    @property
    def has_moved(self) -> bool:
        """Whether it moved the pointer; a refused attempt did not."""
        return self.outcome == "moved"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing ``registry verify`` found wrong."""

    key: Key | None
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a look at the models folder changed in the index; ``refused`` maps file names to the reason.

    ``passed_over`` tells of files named as versions are, but for what they end in; of many with one ending together.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    followed: tuple[str, ...] = ()  # keys whose production moved because they follow latest
    unfit: Mapping[str, str] = field(default_factory=dict)  # versions that could not go live, each with the reason
    passed_over: Mapping[str, str] = field(default_factory=dict)
    incompatible: Mapping[str, str] = field(default_factory=dict)  # those added that cannot be served, and why
