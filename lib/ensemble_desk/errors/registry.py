"""Errors of versions and of moving production."""

from collections.abc import Sequence

from ensemble_desk.errors.base import DeskError, listed


class UnknownKeyError(DeskError):
    """No version of this key is registered."""

    def __init__(self, key: object) -> None:
        self.key = key
        super().__init__(f"No version of {key} is registered. Train one, or run: desk registry list")


class UnknownVersionError(DeskError):
    """The key has no such version."""

    def __init__(self, key: object, version: str, *, known: Sequence[str] = ()) -> None:
        self.key, self.version = key, version
        hint = f" Known: {listed(known)}." if known else ""
        super().__init__(f"{key} has no version {version}.{hint} See: desk registry list")


class PrunedVersionError(UnknownVersionError):
    """The key had such a version, until retention removed it; its name is never used again."""

    def __init__(self, key: object, version: str, *, at: str, actor: str, reason: str) -> None:
        self.key, self.version = key, version
        DeskError.__init__(
            self,
            f"{key} {version} was pruned on {at} by {actor} ({reason}). Its name is never used again. "
            "Choose another version, or train a new one.",
        )


class PruneUnfinishedError(DeskError):
    """Versions are out of the index, but some of their files could not be removed."""

    def __init__(self, names: Sequence[str], problem: str) -> None:
        self.names = tuple(names)
        super().__init__(
            f"Pruned, but {listed(self.names)} could not be removed: {problem}. No version is served from them. "
            "Solve the cause, then run: desk registry sync"
        )


class NoEarlierVersionError(DeskError):
    """There is nothing to roll back to."""

    def __init__(self, key: object, current: str | None) -> None:
        super().__init__(
            f"{key} has no usable version older than {current or 'none'}. Nothing changed. Train one first."
        )


class StalePointerError(DeskError):
    """Production moved while the caller was deciding."""

    def __init__(self, key: object, *, expected: int, actual: int, moved_by: str, moved_at: str, moved_to: str) -> None:
        self.key, self.expected, self.actual = key, expected, actual
        self.moved_by, self.moved_at, self.moved_to = moved_by, moved_at, moved_to
        super().__init__(
            f"{key} is at revision {actual}, not {expected}: {moved_by} moved it to {moved_to} at {moved_at}. "
            "Nothing changed. Look again, then retry."
        )


class NothingToMoveError(DeskError):
    """The move asks for what is already so."""

    def __init__(self, key: object, state: str) -> None:
        super().__init__(f"{key}: {state} already. Nothing changed.")


class QuarantinedVersionError(DeskError):
    """A quarantined version was asked to serve."""

    def __init__(self, key: object, version: str, reason: str) -> None:
        super().__init__(
            f"{key} {version} is quarantined ({reason}). Nothing changed. Lift the quarantine with a reason first."
        )


class PreflightFailedError(DeskError):
    """A hard preflight step failed, so production was left alone; `steps` names the failures."""

    def __init__(self, key: object, version: str, steps: Sequence[str]) -> None:
        self.steps = tuple(steps)
        super().__init__(
            f"{key} {version} did not pass its preflight: {'; '.join(self.steps).rstrip('.')}. "
            "Production is unchanged. Choose another version, or solve the cause and retry."
        )


class LiveVersionError(DeskError):
    """A pinned live version cannot be quarantined: nothing would say what serves in its place."""

    def __init__(self, key: object, version: str) -> None:
        self.key, self.version = key, version
        super().__init__(
            f"{key} {version} is live and pinned. Nothing changed. "
            "Roll back to another version instead, which quarantines this one."
        )


class InvalidCursorError(DeskError):
    """A text names no place in this list of versions."""

    def __init__(self, cursor: str) -> None:
        super().__init__(f"{cursor[:60]!r} is no place in this list. Begin with its first page again.")


class UnknownMoveError(DeskError):
    """History holds no such row."""

    def __init__(self, number: int) -> None:
        super().__init__(f"History holds no move {number}. See the page Activity, or: desk activity")


class EmptyNoteError(DeskError):
    """A note without a word."""

    def __init__(self) -> None:
        super().__init__("A note needs some words. Nothing changed.")


class UnknownGroupError(DeskError):
    """No deployments were made under this group."""

    def __init__(self, group_id: str) -> None:
        super().__init__(f"No moves were made as group {group_id}. Nothing changed. See: desk registry history")


class NoFleetTargetError(DeskError):
    """A rollback of many keys has nothing to do, or not for all of them; `without` names the keys without a target."""

    def __init__(self, without: Sequence[str]) -> None:
        self.without = tuple(without)
        what = f"{listed(self.without)} cannot go back: no usable earlier version" if without else "no key was chosen"
        super().__init__(f"{what}. Nothing changed. Choose keys that have an earlier version, then retry.")
