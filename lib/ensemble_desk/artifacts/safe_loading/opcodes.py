"""Walk over the instructions of a pickle before it is unpickled: their bounds, their frames, and which they are.

The unpickler in C trusts three numbers of a file: lengths (it allocates first and reads then), memo positions (it fills
the memo up to them, 64 GB for one instruction of five bytes) and frames (it drops what is left of one when an
instruction crosses its end). All three are checked here, and instructions that reach outside of the file are refused.
Runs of instructions of fixed length are skipped by one regular expression, so this costs a fifth of the unpickling.
"""

import re

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, RefusedError

_SINGLE = r"[\x94()}\]ueb\x52\x81taNlds012o\x85-\x89\x8f-\x93]*+"
_SHORT = "|".join(rf"\x{length:02x}.{{{length}}}" for length in range(256))
_FIXED = (  # instructions of known length, the most frequent first
    "h.",
    "K.",
    "G.{8}",
    "j.{4}",
    f"C(?:{_SHORT})",
    "q.",
    "J.{4}",
    "M..",
    rf"[\x8cU\x8a](?:{_SHORT})",
)
_RUN = re.compile(
    rf"{_SINGLE}(?:{'|'.join(one + _SINGLE for one in _FIXED)})*+".encode("latin1"),
    re.DOTALL,
)
_PROTOCOL = b"\x80"
_STOP, _FRAME, _LONG_BINPUT, _PUT = ord("."), 0x95, ord("r"), ord("p")
_LENGTH_BYTES = {ord("B"): 4, ord("X"): 4, ord("T"): 4, 0x8B: 4, 0x8D: 8, 0x8E: 8, 0x96: 8}
_LINES = {ord("c"): 2, ord("i"): 2, **dict.fromkeys(b"ILFSVgp", 1)}
_REFUSED = {
    ord("P"): "a persistent object",
    ord("Q"): "a persistent object",
    0x82: "a name from the extension registry",
    0x83: "a name from the extension registry",
    0x84: "a name from the extension registry",
    0x97: "a buffer outside of the file",
    0x98: "a buffer outside of the file",
}
_MEMO_SLACK = 1024  # memo positions rise by one; more than this ahead is no honest file


def check(data: bytes, start: int = 0) -> int:
    """Give the position after the pickle that begins at `start`.

    Raises
    ------
    MalformedError
        When an instruction is unknown, breaks off, or crosses the end of its frame.
    RefusedError
        When an instruction reaches outside of the file.
    """
    position, frame_end, end, memo_most = start, 0, len(data), _MEMO_SLACK
    if data[start : start + 1] == _PROTOCOL:  # nowhere else: joblib writes a second pickle behind an array of objects
        position += 2
    run, length_bytes = _RUN.match, _LENGTH_BYTES.get
    while True:
        position = run(data, position, end).end()  # type: ignore[union-attr] # it matches the empty run too
        if frame_end and position == frame_end:
            frame_end, end = 0, len(data)
            continue
        if position >= end:
            raise MalformedError(problem="its pickle breaks off")
        opcode = data[position]
        size = length_bytes(opcode)
        if size:
            after = position + 1 + size
            position = after + int.from_bytes(data[position + 1 : after], "little")
        elif opcode == _STOP:
            return position + 1
        elif opcode == _FRAME:
            position, frame_end = _frame(data, position, inside=bool(frame_end))
            end = frame_end
        else:
            memo_most += 1
            position = _rare(data, position, end, memo_most=memo_most)
        if position > end:
            raise MalformedError(problem="its pickle breaks off")


def _frame(data: bytes, position: int, *, inside: bool) -> tuple[int, int]:
    position += 9
    frame_end = position + int.from_bytes(data[position - 8 : position], "little")
    if inside or frame_end > len(data) or frame_end == position:
        raise MalformedError(problem="a frame of its pickle breaks off")
    return position, frame_end


def _rare(data: bytes, position: int, end: int, *, memo_most: int) -> int:
    """Step over an instruction that ends with its line, or jumps in the memo."""
    opcode = data[position]
    after = position + 1
    if opcode in _REFUSED:
        raise RefusedError(asked_for=_REFUSED[opcode])
    if opcode in _LINES:
        for _ in range(_LINES[opcode]):
            after = data.find(b"\n", after, end) + 1 or end + 1
        if opcode == _PUT:
            _check_memo(data[position + 1 : after - 1], memo_most)
    elif opcode == _LONG_BINPUT:
        after += 4
        _check_memo(b"%d" % int.from_bytes(data[position + 1 : after], "little"), memo_most)
    else:
        raise MalformedError(problem=f"its pickle breaks off or holds an unknown instruction at byte {position:,}")
    return after


def _check_memo(digits: bytes, memo_most: int) -> None:
    if not digits.isdigit() or len(digits) > len(str(memo_most)) or int(digits) > memo_most:
        raise MalformedError(problem="its pickle jumps in its memo")
