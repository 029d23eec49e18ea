"""What onnxruntime does not survive on some rows: whole numbers that are divided, kernels that are made while it runs.

The least whole number divided by -1 ends the process, and it comes of any number that is too large, or missing, once it
is made whole. So a division needs a part that is known to be a fraction, as ONNX divides two of one type only, or a
divisor that stands in the file and is above zero, such as the number of heads of an attention. A kernel without a
length is gone over for ever. So kernels have to stand in the file, where the proof meets them. Batches below zero end
the process as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ensemble_desk.ensemble.graphs import wire

_NODE, _INITIALIZER, _INPUT = 1, 5, 11
_TAKEN, _GIVEN, _KIND, _ATTRIBUTE = 1, 2, 4, 5
_NAME, _WHOLE, _TENSOR = 1, 3, 5
_TENSOR_TYPE, _TENSOR_WHOLE, _TENSOR_NAME, _TENSOR_RAW = 2, 7, 8, 9
_INT64, _INT64_BYTES, _MOST_DIVISORS = 7, 8, 64
_FRACTIONS = frozenset({1, 10, 11, 16})  # float, float16, double, bfloat16

_OF_FRACTIONS = """
    AveragePool BatchNormalization Ceil Conv Dropout Elu Erf Exp Floor GRU Gelu GlobalAveragePool GlobalMaxPool
    GroupNormalization HardSigmoid HardSwish InstanceNormalization LSTM LayerNormalization LeakyRelu LinearRegressor Log
    LogSoftmax Normalizer RNN Reciprocal Round Scaler Selu Sigmoid Softmax Softplus Softsign Sqrt Tanh ThresholdedRelu
    TreeEnsembleRegressor
"""
_OF_WHAT_THEY_TAKE = """
    Abs Add ArrayFeatureExtractor Clip Concat CumSum Div Einsum Expand Flatten Gather GatherElements GatherND Gemm
    Identity Imputer MatMul Max MaxPool Mean Min Mod Mul Neg PRelu Pad Range ReduceL1 ReduceL2 ReduceLogSum
    ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Sign Slice Split
    Squeeze Sub Sum Tile TopK Transpose Unsqueeze Where
"""
_ALWAYS, _AS_ANY = frozenset(_OF_FRACTIONS.split()), frozenset(_OF_WHAT_THEY_TAKE.split())
_SECOND_GIVEN = frozenset({"LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier"})
_KERNELS = frozenset({"Conv", "GRU", "LSTM", "RNN"})


@dataclass(slots=True)
class _Node:
    kind: str = ""
    taken: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    attributes: list[memoryview] = field(default_factory=list)


def problems(graph: memoryview) -> Iterator[str]:
    """Tell a division of whole numbers, a kernel that is not in the file, and a value that is made twice."""
    nodes: list[_Node] = []
    fractions: set[str] = set()
    made: set[str] = set()
    kept = {""}  # in the file itself
    divisors: set[str] = set()  # whole numbers above zero
    for number, held in wire.fields(graph):
        if number == _NODE:
            nodes.append(_node(wire.inner(held)))
        elif number in (_INITIALIZER, _INPUT):
            name, is_fraction = _tensor(wire.inner(held)) if number == _INITIALIZER else _input(wire.inner(held))
            (fractions.add if is_fraction and name not in made - fractions else fractions.discard)(name)
            divides = number == _INITIALIZER and name not in made and _is_above_zero(wire.inner(held))
            (divisors.add if divides else divisors.discard)(name)
            made.add(name)
            if number == _INITIALIZER:
                kept.add(name)
    for node in nodes:
        may_divide = not (fractions.isdisjoint(node.taken) and divisors.isdisjoint(node.taken[1:2]))
        yield from _of_node(node, may_divide=may_divide, kept=kept)
        given = [name for name in node.given if name]
        if not made.isdisjoint(given):
            yield "its graph makes a value twice"
        made.update(given)
        if node.kind == "Constant":
            kept.update(given)
            tensors = _tensors(node)
            if len(tensors) == len(node.attributes) == 1 and _is_above_zero(tensors[0]):
                divisors.update(given)
        fractions.update(_fractions(node, fractions))


def _of_node(node: _Node, *, may_divide: bool, kept: set[str]) -> Iterator[str]:
    if node.kind == "Div" and not may_divide:
        yield "its graph divides whole numbers; make them fractions first (Cast)"
    if node.kind in _KERNELS and not kept.issuperset(node.taken[1:4]):
        yield f"the weights of a {node.kind} in its graph are made while it runs; keep them in the file"
    if node.kind == "GatherND" and min(_batches(node), default=0) < 0:
        yield "a GatherND in its graph counts its batches below zero"


def _fractions(node: _Node, known: set[str]) -> list[str]:
    """Which of the values that a node gives are known to be fractions."""
    if node.kind in _ALWAYS or (node.kind in _AS_ANY and not known.isdisjoint(node.taken)):
        return node.given if node.kind == "Split" else node.given[:1]
    if node.kind in _SECOND_GIVEN:
        return node.given[1:2]
    if node.kind == "Pow":
        return node.given[:1] if not known.isdisjoint(node.taken[:1]) else []
    if node.kind == "CastLike":
        return node.given[:1] if not known.isdisjoint(node.taken[1:]) else []
    if node.kind in ("Cast", "Constant", "ConstantOfShape"):
        told = [kind for attribute in node.attributes for kind in _kinds(attribute)]
        return node.given if _FRACTIONS.issuperset(told) and (told or node.kind == "ConstantOfShape") else []
    return []


def _batches(node: _Node) -> Iterator[int]:
    for attribute in node.attributes:
        told = list(wire.fields(attribute))
        if any(number == _NAME and wire.text(held) == "batch_dims" for number, held in told):
            yield from (one for number, held in told if number == _WHOLE for one in wire.whole_numbers(held))


def _kinds(attribute: memoryview) -> Iterator[int]:
    """Types that an attribute names; 0 for whole numbers and for texts."""
    told = list(wire.fields(attribute))
    name = next((wire.text(held) for number, held in told if number == _NAME), "")
    if name in ("value_float", "value_floats"):
        yield next(iter(_FRACTIONS))
    elif name in ("to", "value"):
        for number, held in told:
            if number == _WHOLE and isinstance(held, int):
                yield held
            elif number == _TENSOR:
                yield from _types(wire.inner(held))
    elif name.startswith("value"):
        yield 0


def _tensors(node: _Node) -> list[memoryview]:
    held = [one for attribute in node.attributes for one in wire.fields(attribute)]
    return [wire.inner(tensor) for number, tensor in held if number == _TENSOR]


def _is_above_zero(tensor: memoryview) -> bool:
    """Tell a few whole numbers of 64 bits, every one of them above zero."""
    told = list(wire.fields(tensor))
    raw = b"".join(bytes(wire.inner(held)) for number, held in told if number == _TENSOR_RAW)
    numbers = [one for number, held in told if number == _TENSOR_WHOLE for one in wire.whole_numbers(held)]
    if _types(tensor) != [_INT64] or len(raw) + len(numbers) > _MOST_DIVISORS * _INT64_BYTES or len(raw) % _INT64_BYTES:
        return False
    numbers += [int.from_bytes(raw[at : at + 8], "little", signed=True) for at in range(0, len(raw), _INT64_BYTES)]
    return min(numbers, default=0) > 0


def _types(tensor: memoryview) -> list[int]:
    return [held for number, held in wire.fields(tensor) if number == _TENSOR_TYPE and isinstance(held, int)]


def _tensor(data: memoryview) -> tuple[str, bool]:
    names = [wire.text(held) for number, held in wire.fields(data) if number == _TENSOR_NAME]
    kinds = _types(data)
    return names[-1] if names else "", bool(kinds) and _FRACTIONS.issuperset(kinds)


def _input(data: memoryview) -> tuple[str, bool]:
    """Give the name of what the graph takes, and whether that is a tensor of fractions."""
    told = list(wire.fields(data))
    names = [wire.text(held) for number, held in told if number == 1]
    tensors = [inner for number, held in told if number == 2 for inner in wire.fields(wire.inner(held))]  # noqa: PLR2004
    kinds = [one for number, held in tensors if number == 1 for one in wire.fields(wire.inner(held))]
    elements = [held for number, held in kinds if number == 1]
    return names[-1] if names else "", bool(elements) and all(kind in _FRACTIONS for kind in elements)


def _node(data: memoryview) -> _Node:
    found = _Node()
    for number, held in wire.fields(data):
        if number == _TAKEN:
            found.taken.append(wire.text(held))
        elif number == _GIVEN:
            found.given.append(wire.text(held))
        elif number == _KIND:
            found.kind = wire.text(held)
        elif number == _ATTRIBUTE:
            found.attributes.append(wire.inner(held))
    return found
