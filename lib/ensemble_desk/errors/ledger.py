"""Errors of the ledger, which remembers outside of the database what the registry decided."""

from ensemble_desk.errors.base import DeskError


class LedgerError(DeskError):
    """The ledger cannot be read or written."""

    def __init__(self, file: str, problem: str) -> None:
        self.file = file
        super().__init__(
            f"The ledger {file} {problem}. Nothing changed. No move is made that it cannot record: solve the cause, or "
            "name another place in DESK_LEDGER_FILE, then retry."
        )


class RegistryOlderError(DeskError):
    """The database tells less than the ledger, or something else: it was lost, or an old copy was put back."""

    def __init__(self, file: str, *, known: int, recorded: int) -> None:
        self.file, self.known, self.recorded = file, known, recorded
        has = f"ends at line {known}" if known else "is empty"
        super().__init__(
            f"The registry is not the one of the ledger {file}: it {has}, the ledger goes on to line {recorded}."
            " Nothing is served from it, because rollbacks would be undone. Put the right database back, or "
            "run: desk registry restore --reason …"
        )


class LedgerBehindError(DeskError):
    """The ledger tells less than the database: it was lost, cut off, or an old copy was put back."""

    def __init__(self, file: str, *, known: int, recorded: int) -> None:
        self.file, self.known, self.recorded = file, known, recorded
        has = f"ends at line {recorded}" if recorded else "is not there"
        super().__init__(
            f"The ledger {file} {has}, the registry goes on to line {known}. Nothing changed. Put the right file back, "
            "or begin a new one from the registry as it is: desk registry restore --new-ledger --reason …"
        )


class RegistryLostError(DeskError):
    """The registry knows nothing, but the models folder holds versions that one has published."""

    def __init__(self, folder: str, *, n_versions: int) -> None:
        self.n_versions = n_versions
        super().__init__(
            f"{n_versions} versions in {folder} were published into a registry, but this one is empty. Nothing "
            "changed: taken in anew, they would serve without their rollbacks and quarantines. Restore the registry "
            "with `desk restore FROM`. When there is neither a backup nor a ledger, take them in with "
            "`desk registry restore --without-history --reason …`"
        )
