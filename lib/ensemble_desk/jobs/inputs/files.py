"""Files that commands read and write, with errors that name them."""

from pathlib import Path

from ensemble_desk.errors import UnwritableFileError, UploadError


def read(file: Path, *, most_bytes: int) -> bytes:
    """Read a file, one byte past the limit at most; raises UploadError when it cannot be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(most_bytes + 1)
    except OSError as error:
        raise UploadError(file.name, [f"it cannot be read ({error.strerror})"]) from error


def write(file: Path, content: bytes) -> None:
    """Write a file; raises UnwritableFileError."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise UnwritableFileError(str(file), error.strerror or type(error).__name__) from error
