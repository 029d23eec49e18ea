"""What wraps an uploaded file: gzip, or a ZIP archive, unpacked within bounds."""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

from ensemble_desk.errors import UploadError
from ensemble_desk.sources.upload.cells import table as cells

GZIP, ZIP = b"\x1f\x8b", b"PK"
_GZIP_WINDOW = 31  # zlib's number for a stream with a gzip header
_MOST_MEMBERS = 1_000
_WORKBOOK = "xl/"
_DAMAGES = (  # what the standard library raises over damaged archives
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(EOFError, OSError, OverflowError, RuntimeError, ValueError),
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def gunzipped(data: bytes, name: str, *, max_bytes: int) -> bytes:
    """Unpack gzip, also of several parts; raises UploadError as soon as it grows past the limit."""
    parts: list[bytes] = []
    room = max_bytes
    rest = data
    try:
        while rest.startswith(GZIP):
            stream = zlib.decompressobj(_GZIP_WINDOW)
            parts.append(stream.decompress(rest, room + 1))
            room -= len(parts[-1])
            if room < 0:
                raise cells.too_large(name, limit_bytes=max_bytes, what="it unpacks to")
            if not stream.eof:
                raise UploadError(name, ["it is an incomplete gzip file. Upload it again."])
            rest = stream.unused_data
    except zlib.error as error:
        raise UploadError(name, ["it is no readable gzip file. Unpack it first, or upload it again."]) from error
    return b"".join(parts)


def archive(data: bytes, name: str, *, max_bytes: int) -> zipfile.ZipFile:
    """Open a ZIP archive after a look at its list of contents; nothing is unpacked yet.

    What the list says bounds what is read of each file, so an archive that understates its sizes cannot unpack to more.

    Raises
    ------
    UploadError
        When it is damaged, protected, or unpacks to more than the limit.
    """
    try:
        opened = zipfile.ZipFile(io.BytesIO(data))
        members = opened.infolist()
    except _DAMAGES as error:
        raise UploadError(name, ["it is a damaged ZIP archive or workbook. Save it again."]) from error
    if problem := _archive_problem(members):
        raise UploadError(name, [problem])
    if sum(member.file_size for member in members) > max_bytes:
        raise cells.too_large(name, limit_bytes=max_bytes, what="it unpacks to")
    return opened


def holds_workbook(opened: zipfile.ZipFile) -> bool:
    return any(member.startswith(_WORKBOOK) for member in opened.namelist())


def is_open_document(opened: zipfile.ZipFile) -> bool:
    return "mimetype" in opened.namelist()


def only_file(opened: zipfile.ZipFile, name: str) -> tuple[str, bytes]:
    """The name and the bytes of the one file in an archive."""
    files = [file for file in opened.namelist() if not file.endswith("/") and not file.startswith("__MACOSX/")]
    if len(files) != 1:
        shown = ", ".join(cells.quoted(file) for file in files[:6])
        raise UploadError(name, [f"it is a ZIP archive of {len(files)} files ({shown}). Upload one of them."])
    try:
        return cells.bare(files[0]), opened.read(files[0])
    except _DAMAGES as error:
        raise UploadError(name, ["it is a damaged ZIP archive. Make it again."]) from error


def _archive_problem(members: Sequence[zipfile.ZipInfo]) -> str:
    if len(members) > _MOST_MEMBERS:
        return f"it is an archive of {len(members):,} files. Upload one table."
    if any(member.flag_bits & 1 for member in members):
        return "it is protected by a password. Save it without one."
    if any(member.compress_type not in _METHODS for member in members):
        return "it is packed in an unusual way. Unpack it first."
    return ""
