"""Which names of code an artifact asks for, told without constructing anything."""

import pickletools

from lib.artifacts import compression
from lib.errors import ArtifactCorruptError


def code_surface(data: bytes, *, name: str, max_bytes: int) -> tuple[str, ...]:
    """List the ``module name`` pairs that unpickling would look up, sorted."""
    found: set[str] = set()
    strings: list[str] = []
    memo: dict[int, str] = {}
    last = ""
    try:
        for opcode, argument, _ in pickletools.genops(compression.unpack(data, name=name, max_bytes=max_bytes)):
            if opcode.name in ("GLOBAL", "INST"):
                found.add(str(argument))
            elif opcode.name == "STACK_GLOBAL":
                found.add(" ".join(strings[-2:]))
            elif opcode.name == "MEMOIZE":
                memo[len(memo)] = last
            elif opcode.name in ("BINGET", "LONG_BINGET") and memo.get(argument):  # type: ignore[arg-type]
                strings.append(memo[argument])  # type: ignore[index]
            last = str(argument) if "UNICODE" in opcode.name else ""
            if last:
                strings.append(last)
    except ValueError as error:
        raise ArtifactCorruptError(name, f"it is no pickle ({error})") from error
    return tuple(sorted(found))
