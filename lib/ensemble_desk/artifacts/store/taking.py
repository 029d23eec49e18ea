"""Putting an artifact that another program wrote into the folder, under a name of ours and only where it is free."""

from pathlib import Path

from ensemble_desk.artifacts import naming
from ensemble_desk.artifacts.store import claims
from ensemble_desk.errors import PublishError

TAKEN = "there is such a version already, or another program writes it right now"


def take_in(folder: Path, file_name: str, data: bytes) -> None:
    """Write a file whole or not at all; raises PublishError when its name is taken or the folder cannot take it."""
    naming.parse(file_name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        claim = claims.take(folder, file_name)
        if claim is None:
            raise PublishError(file_name, TAKEN)
        try:
            claim.write_draft(data)
            claim.land_artifact()
        finally:
            claim.abandon()  # takes back the claim and the draft; what landed has no manifest and stays
    except FileExistsError as error:
        raise PublishError(file_name, TAKEN) from error
    except OSError as error:
        raise PublishError(file_name, error.strerror or type(error).__name__) from error
