"""Telling in which encoding a text is written: by its mark, by its zero bytes, or by what it cannot be."""

import codecs
import re

from ensemble_desk.errors import UploadError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = "cp1252"  # what programs mean by Latin-1: the same letters, and the euro sign
_BLOCK = 1 << 20
_LOOKED_AT = 4096
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_SHARE = 0.4  # of zero bytes at one parity, in UTF-16 of mostly Latin letters

NAMES = {
    "utf-8": "",
    "utf-8-sig": "",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    _WESTERN: "Latin-1 (Windows-1252)",
}
"""What to say of an encoding; nothing of the usual one."""


def of(data: bytes, name: str) -> str:
    """The codec that reads all of the bytes.

    Raises
    ------
    UploadError
        When they are no text in UTF-8, UTF-16, UTF-32 or Latin-1.
    """
    encoding = next((codec for mark, codec in _MARKS if data.startswith(mark)), None) or _unmarked(data)
    if _reads(data, encoding):
        if encoding == "utf-8" and b"\0" in data:
            raise UploadError(name, ["it is a binary file. Upload CSV, Excel or Parquet."])
        return encoding
    if encoding != "utf-8" or not _reads(data, _WESTERN):
        raise UploadError(name, ["it is no text in UTF-8, UTF-16 or Latin-1. Save it as CSV in UTF-8."])
    if _CONTROLS.search(data):
        raise UploadError(name, ["it is a binary file. Upload CSV, Excel or Parquet."])
    return _WESTERN


def _unmarked(data: bytes) -> str:
    start = data[:_LOOKED_AT]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if even == 0 and odd > _SHARE * len(start) / 2:
        return "utf-16-le"
    if odd == 0 and even > _SHARE * len(start) / 2:
        return "utf-16-be"
    return "utf-8"


def _reads(data: bytes, encoding: str) -> bool:
    """Whether the codec takes all of it, tried a part at a time so that no second copy is made."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), _BLOCK):
            decoder.decode(data[start : start + _BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
