"""Telling in which encoding a text is written: by its mark, by its zero bytes, or by what its letters make."""

import codecs
import re

from ensemble_desk.errors import UploadError, extras
from ensemble_desk.market import spellings

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = "cp1252"  # what programs mean by Latin-1: the same letters, and the euro sign
_NATIONAL = (  # tried in this order where the column names tell
    *("gb18030", "big5hkscs", "cp949", "cp932", "euc_jp"),
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
)
_BLOCK = 1 << 20
_LOOKED_AT = 4096
_LINES = 1 << 16
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_WORD = re.compile(r"[^\W\d_][\w .%/]*")
_ASCII = bytes(range(32, 127))
_SHARE = 0.4  # of zero bytes at one parity, in UTF-16 of mostly Latin letters

NAMES = {
    "utf-8": "",
    "utf-8-sig": "",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    _WESTERN: "Latin-1 (Windows-1252)",
    "gb18030": "GB18030",
    "big5hkscs": "Big5",
    "cp949": "EUC-KR (Windows-949)",
    "cp932": "Shift-JIS (Windows-932)",
    "euc_jp": "EUC-JP",
    "koi8_r": "KOI8-R",
}
"""What to say of an encoding; nothing of the usual one, and the others by their own name."""


def named(encoding: str) -> str:
    return NAMES.get(encoding, encoding.replace("cp", "Windows-"))


def of(data: bytes, name: str) -> str:
    """The codec that reads all of the bytes.

    Of several that do, the one whose letters make column names of a price table is taken, else what charset-normalizer
    finds most plausible.

    Raises
    ------
    UploadError
        When they are no text.
    """
    encoding = next((codec for mark, codec in _MARKS if data.startswith(mark)), None) or _unmarked(data)
    if _reads(data, encoding):
        if encoding == "utf-8" and b"\0" in data:
            raise UploadError(name, ["it is a binary file. Upload CSV, Excel or Parquet."])
        return encoding
    if encoding != "utf-8":
        raise UploadError(name, ["it is no text in the encoding that it says. Save it as CSV in UTF-8."])
    national = _national(data)
    if national is None or not _reads(data, national):
        raise UploadError(name, ["it is no text in UTF-8, UTF-16 or a national encoding. Save it as CSV in UTF-8."])
    if _CONTROLS.search(data):
        raise UploadError(name, ["it is a binary file. Upload CSV, Excel or Parquet."])
    return national


def _national(data: bytes) -> str | None:
    lines = data[:_LINES].rpartition(b"\n")[0] or data[:_LINES]
    known = {one for spelled in spellings.OF.values() for one in spelled} | spellings.OTHERS
    scores = {codec: _known_words(lines, codec, known) for codec in _NATIONAL}
    best = max(scores.values())
    if best > 0:
        told = (codec for codec in (_WESTERN, *_NATIONAL) if scores[codec] == best and _reads(data, codec))
        return next(told, None)
    return _most_plausible(lines) or (_WESTERN if _reads(data, _WESTERN) else None)


def _known_words(lines: bytes, codec: str, known: frozenset[str] | set[str]) -> int:
    """How many words beyond ASCII at the top of the file are names of columns in this encoding."""
    try:
        text = lines.decode(codec)
    except UnicodeDecodeError:
        return -1
    top = "\n".join(text.splitlines()[:40])
    words = {word.strip() for word in _WORD.findall(top) if not word.isascii()}
    return sum(not known.isdisjoint(map(spellings.plain, (word, *word.split()))) for word in words)


def _most_plausible(lines: bytes) -> str | None:
    with extras.needed():
        import charset_normalizer

    best = charset_normalizer.from_bytes(lines).best()
    if best is None or _ASCII.decode(best.encoding, "replace") != _ASCII.decode():
        return None
    return str(best.encoding)


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
    if encoding == "utf-8" and data.isascii():
        return True
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), _BLOCK):
            decoder.decode(data[start : start + _BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
