"""Graphs that would end or hold up the process on some rows are refused or ended, and so are two ways to read one."""

import threading

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.ensemble.graphs.test_graphs import CLASSES, ROWS, WEIGHTS, graph, served, trees

from ensemble_desk.ensemble.graphs import model, watching
from ensemble_desk.ensemble.graphs.model import GraphModel
from ensemble_desk.errors import IncompatibleArtifactError

node = helper.make_node
PIXELS = np.ones((1, 1, 3), np.float32)


def of_nodes(*nodes, **tensors):
    """A graph that adds what some nodes make of ``I``, the whole part of its first row, to honest scores."""
    before = [
        node("ReduceMax", ["X"], ["M"], keepdims=0),
        node("Cast", ["M"], ["whole"], to=TensorProto.INT64),
        node("Reshape", ["whole", "one"], ["I"]),
    ]
    behind = [
        node("Cast", ["Q"], ["fraction"], to=TensorProto.DOUBLE),
        node("ReduceSum", ["fraction"], ["sum"], keepdims=0),
        node("MatMul", ["X", "W"], ["S"]),
        node("Add", ["S", "sum"], ["P"]),
    ]
    held = {"W": WEIGHTS, "one": np.array([1])} | tensors
    return graph([*before, *nodes, *behind], tensors=[numpy_helper.from_array(one, name) for name, one in held.items()])


@pytest.mark.parametrize(
    "divisor", [np.array([-1]), np.array([0]), np.array([4, -1]), np.array([4], np.int32)], ids=str
)
def test_whole_numbers_are_not_divided(divisor):
    with pytest.raises(IncompatibleArtifactError, match="divides whole numbers"):
        served(of_nodes(node("Div", ["I", "by"], ["Q"]), by=divisor))
    told = node("Constant", [], ["by"], value=numpy_helper.from_array(divisor))
    with pytest.raises(IncompatibleArtifactError, match="divides whole numbers"):
        served(of_nodes(told, node("Div", ["I", "by"], ["Q"])))


def test_whole_numbers_are_divided_by_one_above_zero_in_the_file():
    four = np.array([4])
    expected = served(of_nodes(node("Div", ["I", "by"], ["Q"]), by=four)).predict_proba(ROWS)
    for tensor in (numpy_helper.from_array(four), helper.make_tensor("", TensorProto.INT64, [1], [4])):
        nodes = node("Constant", [], ["by"], value=tensor), node("Div", ["I", "by"], ["Q"])
        assert np.array_equal(served(of_nodes(*nodes)).predict_proba(ROWS), expected)
    with pytest.raises(IncompatibleArtifactError, match="divides whole numbers"):
        served(of_nodes(node("Div", ["by", "I"], ["Q"]), by=four))


def test_fractions_are_divided():
    nodes = node("Cast", ["I"], ["F"], to=TensorProto.DOUBLE), node("Div", ["F", "two"], ["Q"])
    assert served(of_nodes(*nodes, two=np.array([2.0]))).predict_proba(ROWS).shape == (3, 3)


def test_kernels_that_are_made_while_it_runs_are_refused():
    nodes = (
        node("Concat", ["one", "one", "I"], ["shape"], axis=0),
        node("Expand", ["pixel", "shape"], ["kernel"]),
        node("Conv", ["pixels", "kernel"], ["Q"]),
    )
    with pytest.raises(IncompatibleArtifactError, match="weights of a Conv"):
        served(of_nodes(*nodes, pixels=PIXELS, pixel=PIXELS[:, :, :1]))
    assert served(of_nodes(node("Conv", ["pixels", "pixel"], ["Q"]), pixels=PIXELS, pixel=PIXELS[:, :, :1]))


def test_batches_below_zero_are_refused():
    taken = node("GatherND", ["W", "I"], ["Q"], batch_dims=-1)
    with pytest.raises(IncompatibleArtifactError, match="below zero"):
        served(of_nodes(taken))


def test_a_graph_that_takes_too_long_is_ended(monkeypatch):
    steps = [
        one
        for number in range(400)
        for one in (
            node("MatMul", [f"Z{number}", "T"], [f"Y{number}"]),
            node("MatMul", [f"Y{number}", "X"], [f"Z{number + 1}"]),
        )
    ]
    nodes = [
        node("Transpose", ["X"], ["T"]),
        node("Identity", ["X"], ["Z0"]),
        *steps,
        node("MatMul", ["Z400", "W"], ["P"]),
    ]
    made = served(graph(nodes))
    assert made.predict_proba(ROWS * 0).shape == (3, 3)
    monkeypatch.setattr(model, "_SECONDS", 0.05)
    monkeypatch.setattr(model, "_SECONDS_A_ROW", 0.0)
    with pytest.raises(ValueError, match="its graph failed"):
        made.predict_proba(np.zeros((6_000, 2)))


def test_the_thread_that_ends_runs_goes_and_comes_again(monkeypatch):
    monkeypatch.setattr(watching, "_LOOK_SECONDS", 0.001)
    made, names = served(graph()), []
    for _ in range(2):
        made.predict_proba(ROWS)
        watched = [thread for thread in threading.enumerate() if thread.name == "graphs"]
        names.append(len(watched))
        for thread in watched:
            thread.join()
    assert names == [1, 1]
    assert not watching._watch.runs


def test_an_attribute_that_is_told_twice_is_refused():
    proto = trees()
    proto.graph.node[0].attribute.append(proto.graph.node[0].attribute[0])
    with pytest.raises(IncompatibleArtifactError, match="an attribute twice"):
        served(proto)


def _field(number: int, content: bytes, kind: int = 2) -> bytes:
    size = bytes([len(content)]) if kind == 2 else b""
    return _varint(number << 3 | kind) + size + content


def _varint(value: int) -> bytes:
    return bytes([value & 127 | 128]) + _varint(value >> 7) if value > 127 else bytes([value])


@pytest.mark.parametrize(
    "decoy",
    [
        _field(4, b"Sqrt", kind=5),  # four bytes where a text belongs: others pass over it
        _field(4 + 2**29, b"Sqrt"),  # a number that others cut off to 4
    ],
)
def test_what_others_would_read_otherwise_is_refused(decoy):
    proto = graph([node("RandomNormalLike", ["X"], ["S"]), node("MatMul", ["S", "W"], ["P"])])
    hidden = proto.graph.node[0].SerializeToString() + decoy
    rest = onnx.ModelProto()
    rest.CopyFrom(proto)
    inside = onnx.GraphProto()
    inside.CopyFrom(proto.graph)
    del inside.node[0]
    rest.ClearField("graph")
    told = _field(1, hidden) + inside.SerializeToString()
    data = rest.SerializeToString() + b"\x3a" + _varint(len(told)) + told
    with pytest.raises(IncompatibleArtifactError, match=r"where bytes belong|no known number"):
        GraphModel(data, CLASSES, 2)


@pytest.mark.parametrize("classes", [["UP", "UP", "DOWN"], [["UP"], ["DOWN"], ["FLAT"]]])
def test_classes_that_are_no_labels_are_refused(classes):
    with pytest.raises(IncompatibleArtifactError, match="different labels"):
        model.from_state(model.to_state(served(graph())) | {"classes": classes})
