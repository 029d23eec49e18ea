"""What an ONNX file holds, found out from its bytes alone, and refused unless every part of it is known and bounded.

The fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. onnxruntime only gets to see a file that
has passed here.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

from ensemble_desk.ensemble.graphs import hazards, operators, wire
from ensemble_desk.ensemble.graphs.wire import WireError
from ensemble_desk.errors import IncompatibleArtifactError

MOST_BYTES = 64 * 2**20
_MOST_NODES = 20_000
_MODEL_GRAPH, _MODEL_OPSETS, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 8, 20, 25
_GRAPH_NODE, _GRAPH_TENSOR, _GRAPH_SPARSE = 1, 5, 15
_NODE_TYPE, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_NAME, _ATTRIBUTE_TENSOR, _ATTRIBUTE_INTS, _ATTRIBUTE_STRINGS = 1, 5, 8, 9
_ATTRIBUTE_FOREIGN = {6: "a graph inside", 10: "a list of tensors", 11: "graphs inside", 22: "a sparse tensor"}
_TENSOR_DIMENSIONS, _TENSOR_TYPE, _TENSOR_EXTERNAL, _TENSOR_PLACE = 1, 2, 13, 14
_WHOLE_BYTES = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13})  # data types that take a byte and more, texts too
_LEAF = "LEAF"


def check(data: bytes, *, name: str) -> None:
    """Check an ONNX file before it is handed to the library that runs it.

    Raises
    ------
    IncompatibleArtifactError
        With the first thing in it that is unknown, outside of the file, or larger than the file.
    """
    try:
        problem = next(_problems(data), "")
    except WireError as error:
        problem = f"its graph cannot be read ({error})"
    if problem:
        raise IncompatibleArtifactError(name, problem)


def _problems(data: bytes) -> Iterator[str]:
    if len(data) > MOST_BYTES:
        yield f"its graph is larger than {MOST_BYTES // 2**20} MiB"
    graphs = []
    for number, held in wire.fields(memoryview(data)):
        if number == _MODEL_GRAPH:
            graphs.append(wire.inner(held))
        elif number == _MODEL_FUNCTIONS:
            yield "its graph defines functions of its own; export it with standard operators only"
        elif number == _MODEL_TRAINING:
            yield "its graph holds a training; export it for inference"
        elif number == _MODEL_OPSETS:
            yield from _opset(wire.inner(held))
    if len(graphs) != 1:
        yield "it holds no graph"
        return
    yield from _graph(graphs[0])


def _opset(data: memoryview) -> Iterator[str]:
    domains = [wire.text(held) for number, held in wire.fields(data) if number == 1]
    for domain in domains:
        if domain not in operators.ALLOWED:
            yield f"its graph needs operators of {domain!r}; export it with standard operators only"


def _graph(data: memoryview) -> Iterator[str]:
    yield from hazards.problems(data)
    n_nodes = 0
    for number, held in wire.fields(data):
        if number == _GRAPH_NODE:
            n_nodes += 1
            if n_nodes > _MOST_NODES:
                yield f"its graph has more than {_MOST_NODES} nodes"
            yield from _node(wire.inner(held))
        elif number == _GRAPH_TENSOR:
            yield from _tensor(wire.inner(held))
        elif number == _GRAPH_SPARSE:
            yield "its graph holds sparse tensors"


def _node(data: memoryview) -> Iterator[str]:
    kind, domain, attributes = "", "", []
    for number, held in wire.fields(data):
        if number == _NODE_TYPE:
            kind = wire.text(held)
        elif number == _NODE_DOMAIN:
            domain = wire.text(held)
        elif number == _NODE_ATTRIBUTE:
            attributes.append(wire.inner(held))
    if kind == "ZipMap":
        yield "its probabilities are a list of dicts (ZipMap); export it with options={id(model): {'zipmap': False}}"
    if kind not in operators.ALLOWED.get(domain, ()):
        where = f" of {domain!r}" if domain else ""
        yield f"its graph uses the operator {kind!r}{where}, which is not served; export it with the usual ones only"
    names = [name for attribute in attributes for name in _names(attribute)]
    if len(names) != len(attributes) or len(set(names)) < len(names):
        yield "an operator of its graph tells an attribute twice, or without its name"
    for attribute in attributes:
        yield from _attribute(attribute)
    if kind in operators.TREES:
        yield from _trees(attributes)


def _names(attribute: memoryview) -> list[str]:
    return [wire.text(held) for number, held in wire.fields(attribute) if number == _ATTRIBUTE_NAME]


def _attribute(data: memoryview) -> Iterator[str]:
    for number, held in wire.fields(data):
        if number in _ATTRIBUTE_FOREIGN:
            yield f"an operator of its graph holds {_ATTRIBUTE_FOREIGN[number]}, which is not served"
        elif number == _ATTRIBUTE_TENSOR:
            yield from _tensor(wire.inner(held))


def _tensor(data: memoryview) -> Iterator[str]:
    dimensions: list[int] = []
    kind = 0
    for number, held in wire.fields(data):
        if number == _TENSOR_DIMENSIONS:
            dimensions.extend(wire.whole_numbers(held))
        elif number == _TENSOR_TYPE and isinstance(held, int):
            kind = held
        elif number == _TENSOR_EXTERNAL or (number == _TENSOR_PLACE and held != 0):
            yield "its graph keeps tensors in another file; export it as one file"
    if kind not in _WHOLE_BYTES:
        yield "its graph holds a tensor of a type that is not served"
    if any(length < 0 for length in dimensions) or math.prod(dimensions) > len(data):
        yield f"its graph announces a tensor of shape {dimensions} and does not hold it"


def _trees(attributes: list[memoryview]) -> Iterator[str]:
    """Check that every child of a tree stands behind its parent in the same tree: nothing can run in a circle."""
    lists, modes = _told_by_trees(attributes)
    columns = [lists.get(f"nodes_{name}", []) for name in ("treeids", "nodeids", "truenodeids", "falsenodeids")]
    if not modes or {len(column) for column in columns} != {len(modes)}:
        yield "the trees of its graph contradict themselves"
        return
    known = set(zip(columns[0], columns[1], strict=True))
    if len(known) != len(modes) or any(tree > after for tree, after in pairwise(columns[0])):
        yield "the trees of its graph contradict themselves"
    inner = [told for *told, mode in zip(*columns, modes, strict=True) if mode != _LEAF]
    children = [(tree, child) for tree, _, *both in inner for child in both]
    behind = all(child > node for _, node, *both in inner for child in both)
    if not (behind and known.issuperset(children) and len(set(children)) == len(children)):
        yield "a tree of its graph leads to a node that is not there, or in a circle"
    for owner in ("class", "target"):
        trees, nodes = lists.get(f"{owner}_treeids", []), lists.get(f"{owner}_nodeids", [])
        if len(trees) != len(nodes) or not known.issuperset(zip(trees, nodes, strict=False)):
            yield "a leaf of its graph is not there"


def _told_by_trees(attributes: list[memoryview]) -> tuple[dict[str, list[int]], list[str]]:
    """Lists of whole numbers by the name of the attribute, and what kind each node is of."""
    lists: dict[str, list[int]] = {}
    modes: list[str] = []
    for data in attributes:
        told = list(wire.fields(data))
        name = next((wire.text(held) for number, held in told if number == _ATTRIBUTE_NAME), "")
        lists[name] = [one for number, held in told if number == _ATTRIBUTE_INTS for one in wire.whole_numbers(held)]
        if name == "nodes_modes":
            modes = [wire.text(held) for number, held in told if number == _ATTRIBUTE_STRINGS]
    return lists, modes
