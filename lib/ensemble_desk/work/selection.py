"""Which keys are meant: a part of all of them that stays the same, or those of a file."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ensemble_desk.errors import InvalidShardError, InvalidSymbolError, SymbolListError
from ensemble_desk.market.keys import Key

_MOST_BYTES = 2**24


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``number`` (from 1) of ``count``; what is in it depends on the name alone, so new keys move no others."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a part such as ``3/8``; raises InvalidShardError when there is no such part."""
        number, mark, count = (part.strip() for part in text.partition("/"))
        if not mark or not all(part.isascii() and part.isdecimal() and len(part) < 7 for part in (number, count)):  # noqa: PLR2004 - a million parts
            raise InvalidShardError(text)
        found = cls(int(number), int(count))
        if not 1 <= found.number <= found.count:
            raise InvalidShardError(text)
        return found

    def holds(self, name: object) -> bool:
        return zlib.crc32(str(name).encode()) % self.count == self.number - 1


def symbols_from(file: Path) -> tuple[str, ...]:
    """Read symbols, one a line, in upper case and each once; empty lines and what follows a ``#`` count for nothing.

    Raises
    ------
    SymbolListError
        When the file cannot be read, holds no symbol, or something that is none.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise SymbolListError(file, f"it is larger than {_MOST_BYTES >> 20} MiB")
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise SymbolListError(file, str(error.strerror or error)) from error
    except UnicodeDecodeError:
        raise SymbolListError(file, "it is no text") from None
    found: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        symbol = line.partition("#")[0].strip().upper()
        try:
            if symbol:
                found[Key(symbol, "d1").symbol] = None
        except InvalidSymbolError as error:
            raise SymbolListError(file, f"line {number}: {str(error).rstrip('.')}") from None
    if not found:
        raise SymbolListError(file, "it names none")
    return tuple(found)
