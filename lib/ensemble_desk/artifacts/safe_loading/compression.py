"""Bytes out of a compressed file, never more than allowed; every codec that joblib writes."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

from ensemble_desk.errors import ArtifactCorruptError, ArtifactTooLargeError, extras

_MOST_MEMBERS = 64  # what is left of the file is copied for each
_LZMA_MEMORY = 256 * 2**20  # the strongest preset needs 65 MiB to unpack; a header may ask for 4 GiB


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


def _zlib() -> _Decompressor:
    return zlib.decompressobj(wbits=47)  # 32 + 15: zlib or gzip, as the header says


def _lzma() -> _Decompressor:
    return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)


def _lz4() -> _Decompressor:
    with extras.needed():
        import lz4.frame

    decompressor: _Decompressor = lz4.frame.LZ4FrameDecompressor()
    return decompressor


# The openings of files that are compressed, none of which can open a pickle.
_CODECS: tuple[tuple[bytes, Callable[[], _Decompressor]], ...] = (
    (b"\x78", _zlib),
    (b"\x1f\x8b", _zlib),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", _lzma),
    (b"\x5d\x00\x00", _lzma),
    (b"\x04\x22\x4d\x18", _lz4),
)
_ZIP = b"PK\x03\x04"  # as other libraries write under the same suffix
_OTHERS = (
    (b"version https://git-lfs", "it is a pointer of Git LFS, not the file itself; fetch it with: git lfs pull"),
    (b"<!DOCTYPE", "it is a page of the web, not a pickle; whoever fetched it was sent that instead"),
    (b"<html", "it is a page of the web, not a pickle; whoever fetched it was sent that instead"),
    (b"{", "it is text such as JSON, not a pickle"),
    (b"gASV", "it is a pickle written as base64; decode it first"),
    (b"gAR", "it is a pickle written as base64; decode it first"),
)


def unpack(data: bytes, *, name: str, max_bytes: int) -> bytes:
    """Give the bytes inside a compressed file, or the bytes themselves when they are not compressed.

    Raises
    ------
    ArtifactTooLargeError
        As soon as more than `max_bytes` come out.
    ArtifactCorruptError
        When the file breaks off or is damaged.
    """
    if len(data) > max_bytes:
        raise ArtifactTooLargeError(name, limit_bytes=max_bytes)
    if data.startswith(_ZIP):
        raise ArtifactCorruptError(name, "it is a zip file, not a pickle")
    for opening, codec in _CODECS:
        if data.startswith(opening):
            try:
                return _all_members(data, codec, name=name, max_bytes=max_bytes)
            except (OSError, EOFError, RuntimeError, ValueError, zlib.error, lzma.LZMAError, MemoryError) as error:
                raise ArtifactCorruptError(name, f"its compression is damaged ({error})") from error
    return data


def else_of(data: bytes) -> str:
    """Say what bytes are that are no pickle; empty where that is not known."""
    return next((problem for opening, problem in _OTHERS if data.startswith(opening)), "" if data else "it is empty")


def _all_members(data: bytes, codec: Callable[[], _Decompressor], *, name: str, max_bytes: int) -> bytes:
    """Decompress a file that may be several compressed files one after the other, as gzip and xz allow."""
    parts: list[bytes] = []
    room = max_bytes
    rest = data
    while rest:
        if len(parts) == _MOST_MEMBERS:
            raise ArtifactCorruptError(name, f"it is more than {_MOST_MEMBERS} compressed files one after the other")
        decompressor = codec()
        part = decompressor.decompress(rest, room + 1)
        if len(part) > room:
            raise ArtifactTooLargeError(name, limit_bytes=max_bytes)
        if not decompressor.eof:
            raise ArtifactCorruptError(name, "its compressed data breaks off")
        parts.append(part)
        room -= len(part)
        rest = (decompressor.unused_data or b"").lstrip(b"\x00")
    return parts[0] if len(parts) == 1 else b"".join(parts)
