"""Walk over the instructions of a pickle before it is unpickled: which they are, their bounds, what they would make.

The unpickler in C trusts three numbers of a file: lengths (it allocates first and reads then), memo positions (it fills
the memo up to them, 64 GB for one instruction of five bytes) and frames (it drops what is left of one when an
instruction crosses its end). All three are checked here, and instructions that reach outside of the file are refused.

It also hashes: keys of dicts and members of sets. So what makes a dict or a set is written anew on the way, as
instructions that list its parts (see `REWRITTEN`), and the unpickler gets a pickle without dicts and sets.
Runs of instructions of fixed length are skipped by one regular expression, so this costs a fifth of the unpickling.
"""

import io
import re

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, RefusedError

_SINGLE = r"[\x94()\]e\x62\x52\x81taNl01o\x85-\x89\x92\x93]*+"
_SHORT = "|".join(rf"\x{length:02x}.{{{length}}}" for length in range(256))
_SMALL = "|".join(rf"\x{length:02x}.{{{length}}}" for length in range(8))  # larger integers can be chosen to collide
_FIXED = (  # instructions of known length, the most frequent first
    "h.",
    "K.",
    "G.{8}",
    "j.{4}",
    f"C(?:{_SHORT})",
    "q.",
    "J.{4}",
    "M..",
    rf"[\x8cU](?:{_SHORT})",
    rf"\x8a(?:{_SMALL}|\x08.{{7}}[\x00-\x1f\xe0-\xff])",
)
_RUN = re.compile(
    rf"{_SINGLE}(?:{'|'.join(one + _SINGLE for one in _FIXED)})*+".encode("latin1"),
    re.DOTALL,
)
_ONE = re.compile("|".join((_SINGLE.removesuffix("*+"), *_FIXED)).encode("latin1"), re.DOTALL)
_PROTOCOL = b"\x80"
_STOP, _FRAME, _LONG_BINPUT, _PUT = ord("."), 0x95, ord("r"), ord("p")
_LONG1, _LONG4, _BYTEARRAY8 = 0x8A, 0x8B, 0x96
_LENGTH_BYTES = {ord("B"): 4, ord("X"): 4, ord("T"): 4, 0x8D: 8, 0x8E: 8, 0x96: 8}
_LINES = {ord("c"): 2, ord("i"): 2, **dict.fromkeys(b"ILFSVgp", 1)}
_NUMBERS = frozenset(b"IL")
PAIR = 2  # parts of the tuple that `persistent_load` is asked with; it is one for a frozen set
REWRITTEN = {
    ord("s"): b"\x86Qa",  # one item of a dict
    ord("d"): b"lQ",  # a dict of the items since the mark
    0x8F: b"NQ",  # an empty set
    0x91: b"l\x85Q",  # a frozen set of the members since the mark
}
SWAPPED = {
    ord("}"): 0x97,  # an empty dict, as the next of the buffers that the reader has at hand
    ord("u"): ord("e"),  # items of a dict, appended as those of a list
    0x90: ord("e"),  # members of a set
    0x96: 0x8E,  # bytes that could be changed, as bytes that cannot
}
_SWAPPED_ALONE = frozenset(SWAPPED) - {_BYTEARRAY8}  # one byte each, nothing behind
REFUSED = {
    ord("P"): "a persistent object",
    ord("Q"): "a persistent object",
    ord("2"): "the same value twice in a way that no pickler writes",
    0x82: "a name from the extension registry",
    0x83: "a name from the extension registry",
    0x84: "a name from the extension registry",
    0x97: "a buffer outside of the file",
    0x98: "a buffer outside of the file",
}
MOST_INSTRUCTIONS = 2_000_000  # in long runs; a list of two million numbers is no part of an ensemble
MOST_DICTS = 300_000  # and sets; a forest of 20,000 trees has 80,000
MOST_LARGE_NUMBERS = 1_000  # of 62 bits and more: honest files have a few, in states of random generators
MOST_NUMBER_BYTES = 64
MOST_DIGITS = 18
_TOO_MANY_DICTS = f"it has more than {MOST_DICTS:,} dicts or sets"
_MEMO_SLACK = 1024  # memo positions rise by one; more than this ahead is no honest file
_FEW_BYTES = 2**18  # of instructions; fewer cannot make much


def rewrite(data: bytes, start: int = 0) -> tuple[bytes, int]:
    """Give the pickle that begins at `start` without dicts and sets, and the position after it.

    Raises
    ------
    MalformedError
        When an instruction is unknown, breaks off, or crosses the end of its frame; when there are too many.
    RefusedError
        When an instruction reaches outside of the file.
    """
    walk = _Walk(data)
    end = walk.run(start)
    return walk.rewritten(start, end), end


class _Walk:
    """One walk over a pickle: what has to be written otherwise in it, and what of it was counted."""

    __slots__ = ("_cuts", "_data", "_frames", "_instructions", "_large_numbers", "_memo_most", "_skipped", "_swaps")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._cuts: list[tuple[int, int, bytes]] = []  # from, to, and what stands there instead
        self._frames: list[tuple[int, int, bytes]] = []
        self._swaps: list[int] = []
        self._instructions = self._large_numbers = self._skipped = 0
        self._memo_most = _MEMO_SLACK

    def rewritten(self, start: int, end: int) -> bytes:
        whole = start == 0 and end == len(self._data)
        stream = io.BytesIO(self._data if whole else self._data[start:end])
        with stream.getbuffer() as view:
            for position in self._swaps:
                view[position - start] = SWAPPED[view[position - start]]
            if self._cuts:  # all behind moves, so that frames would be wrong
                parts: list[bytes | memoryview] = []
                begun = 0
                for begin, after, instead in sorted(self._cuts + self._frames):
                    parts += (view[begun : begin - start], instead)
                    begun = after - start
                return b"".join((*parts, view[begun:]))
        return stream.getvalue()

    def run(self, position: int) -> int:  # noqa: C901, PLR0912 - one loop, kept whole for speed
        data, frame_end, end = self._data, 0, len(self._data)
        if data[position : position + 1] == _PROTOCOL:  # nowhere else: joblib writes a second pickle behind an array
            position += 2
        run, length_bytes, rewritten = _RUN.match, _LENGTH_BYTES.get, REWRITTEN.get
        swaps, most_swaps = self._swaps, 2 * MOST_DICTS
        cut, swap = self._cuts.append, swaps.append
        while True:
            after = run(data, position, end).end()  # type: ignore[union-attr] # it matches the empty run too
            if after - position > _FEW_BYTES or self._skipped:
                self._count(position, after)
            position = after
            if position >= end:
                if not frame_end or position != frame_end:
                    raise MalformedError(problem="its pickle breaks off")
                frame_end, end = 0, len(data)
                continue
            opcode = data[position]
            if opcode in _SWAPPED_ALONE:
                swap(position)
                if len(swaps) > most_swaps:
                    raise MalformedError(problem=_TOO_MANY_DICTS)
                position += 1
                continue
            if opcode == _BYTEARRAY8:
                swap(position)
            size = length_bytes(opcode)
            if size:
                after = position + 1 + size
                position = after + int.from_bytes(data[position + 1 : after], "little")
            elif (instead := rewritten(opcode)) is not None:
                cut((position, position + 1, instead))
                if len(self._cuts) > MOST_DICTS:
                    raise MalformedError(problem=_TOO_MANY_DICTS)
                position += 1
            elif opcode == _STOP:
                return position + 1
            elif opcode == _FRAME:
                begin = position
                position, frame_end = _frame(data, position, inside=bool(frame_end))
                self._frames.append((begin, position, b""))
                end = frame_end
            else:
                position = self._rare(position, end)
            if position > end:
                raise MalformedError(problem="its pickle breaks off")

    def _count(self, begin: int, end: int) -> None:
        """Count the instructions of long runs one by one: what one byte makes takes a hundred."""
        self._skipped += end - begin
        for _ in _ONE.finditer(self._data, begin, end):
            self._instructions += 1
            if self._instructions > MOST_INSTRUCTIONS:
                raise MalformedError(problem=f"it has more than {MOST_INSTRUCTIONS:,} instructions")

    def _rare(self, position: int, end: int) -> int:
        """Step over an instruction that ends with its line, jumps in the memo, or is a large number."""
        data, opcode = self._data, self._data[position]
        after = position + 1
        self._memo_most += 1
        if opcode in REFUSED:
            raise RefusedError(asked_for=REFUSED[opcode])
        if opcode in _LINES:
            for _ in range(_LINES[opcode]):
                after = data.find(b"\n", after, end) + 1 or end + 1
            if opcode == _PUT:
                self._check_memo(data[position + 1 : after - 1])
            elif opcode in _NUMBERS and after - position > MOST_DIGITS:
                self._large_number(after - position, most_bytes=4 * MOST_NUMBER_BYTES)
        elif opcode == _LONG_BINPUT:
            after += 4
            self._check_memo(b"%d" % int.from_bytes(data[position + 1 : after], "little"))
        elif opcode in (_LONG1, _LONG4):
            after += 1 if opcode == _LONG1 else 4
            length = int.from_bytes(data[position + 1 : after], "little")
            self._large_number(length, most_bytes=MOST_NUMBER_BYTES)
            after += length
        else:
            raise MalformedError(problem=f"its pickle breaks off or holds an unknown instruction at byte {position:,}")
        return after

    def _large_number(self, n_bytes: int, *, most_bytes: int) -> None:
        self._large_numbers += 1
        if n_bytes > most_bytes or self._large_numbers > MOST_LARGE_NUMBERS:
            raise MalformedError(problem="it holds a number of too many digits, or too many of them")

    def _check_memo(self, digits: bytes) -> None:
        most = self._memo_most
        if not digits.isdigit() or len(digits) > len(str(most)) or int(digits) > most:
            raise MalformedError(problem="its pickle jumps in its memo")


def _frame(data: bytes, position: int, *, inside: bool) -> tuple[int, int]:
    position += 9
    frame_end = position + int.from_bytes(data[position - 8 : position], "little")
    if inside or frame_end > len(data) or frame_end == position:
        raise MalformedError(problem="a frame of its pickle breaks off")
    return position, frame_end
