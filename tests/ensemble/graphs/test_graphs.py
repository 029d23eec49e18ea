"""ONNX graphs are served as the model they come from, and refused when anything in them is unknown or unbounded."""

import pickle

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ensemble_desk.ensemble.graphs import inspection, model
from ensemble_desk.ensemble.graphs.model import GraphModel
from ensemble_desk.errors import IncompatibleArtifactError, MissingExtraError

WEIGHTS = np.array([[0.5, -0.2, 0.1], [-0.4, 0.3, 0.2]])
ROWS = np.array([[0.1, 0.2], [-1.0, 3.0], [0.0, 0.0]])
CLASSES = ("BEARISH", "NEUTRAL", "BULLISH")


def matrix(name, columns, rows="n", kind=TensorProto.DOUBLE):
    return helper.make_tensor_value_info(name, kind, [rows, columns])


def graph(nodes=None, *, inputs=None, outputs=None, tensors=None, opsets=(("", 17),), **rest):
    nodes = nodes or [helper.make_node("MatMul", ["X", "W"], ["S"]), helper.make_node("Softmax", ["S"], ["P"], axis=1)]
    made = helper.make_graph(
        nodes,
        "g",
        inputs or [matrix("X", 2)],
        outputs or [matrix("P", 3)],
        [numpy_helper.from_array(WEIGHTS, "W")] if tensors is None else tensors,
        **rest,
    )
    return helper.make_model(made, ir_version=8, opset_imports=[helper.make_opsetid(*one) for one in opsets])


def served(proto, **changes):
    return GraphModel(**{"data": proto.SerializeToString(), "classes": CLASSES, "n_features_in_": 2} | changes)


def softmax(scores):
    grown = np.exp(scores)
    return grown / grown.sum(axis=1, keepdims=True)


def test_a_graph_gives_the_probabilities_of_its_model():
    made = served(graph(), feature_names=("rsi", "macd"))
    assert np.abs(made.predict_proba(ROWS) - softmax(ROWS @ WEIGHTS)).max() < 1e-15
    assert made.classes_.tolist() == list(CLASSES)
    assert made.feature_names_in_.tolist() == ["rsi", "macd"]


def test_a_graph_survives_its_state_and_another_process():
    made = served(graph())
    for again in (model.from_state(model.to_state(made)), pickle.loads(pickle.dumps(made))):
        assert np.array_equal(again.predict_proba(ROWS), made.predict_proba(ROWS))


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match="2 features are needed"):
        served(graph()).predict_proba(np.zeros((3, 5)))


@pytest.mark.parametrize(
    ("proto", "reason"),
    [
        (
            lambda: graph([helper.make_node("MyOp", ["X"], ["P"], domain="com.evil")], opsets=(("com.evil", 1),)),
            "domain",
        ),
        (lambda: graph([helper.make_node("MyOp", ["X"], ["P"], domain="com.microsoft")]), "operator 'MyOp'"),
        (lambda: graph([helper.make_node("RandomNormal", [], ["P"], shape=[9, 3])]), "operator 'RandomNormal'"),
        (lambda: graph([helper.make_node("ZipMap", ["X"], ["P"], domain="ai.onnx.ml")]), "ZipMap"),
    ],
)
def test_foreign_operators_are_refused(proto, reason):
    if reason == "domain":
        reason = "operators of 'com.evil'"
    with pytest.raises(IncompatibleArtifactError, match=reason):
        served(proto())


def test_loops_and_branches_are_refused():
    body = helper.make_graph([helper.make_node("Identity", ["c"], ["d"])], "b", [], [])
    for kind in ("Loop", "If", "Scan"):
        with pytest.raises(IncompatibleArtifactError, match=f"operator '{kind}'"):
            served(graph([helper.make_node(kind, ["X"], ["P"], body=body)]))
    hidden = helper.make_node("Softmax", ["X"], ["P"], body=body)
    with pytest.raises(IncompatibleArtifactError, match="a graph inside"):
        served(graph([hidden]))


def test_functions_of_its_own_are_refused():
    proto = graph()
    function = helper.make_function("", "Softmax", ["a"], ["b"], [helper.make_node("Identity", ["a"], ["b"])], [])
    proto.functions.append(function)
    with pytest.raises(IncompatibleArtifactError, match="functions of its own"):
        served(proto)


def test_tensors_outside_of_the_file_are_refused(tmp_path):
    proto = graph()
    tensor = proto.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    with pytest.raises(IncompatibleArtifactError, match="another file"):
        served(proto)


def test_a_tensor_that_is_announced_and_not_held_is_refused():
    proto = graph()
    del proto.graph.initializer[0].dims[:]
    proto.graph.initializer[0].dims.extend([2**40, 2**20])
    with pytest.raises(IncompatibleArtifactError, match="does not hold it"):
        served(proto)
    inside = helper.make_node("Constant", [], ["C"], value=proto.graph.initializer[0])
    with pytest.raises(IncompatibleArtifactError, match="does not hold it"):
        served(graph([inside]))


def test_a_graph_that_asks_for_huge_memory_fails_and_the_next_one_works():
    ones = numpy_helper.from_array(np.ones((40_000, 1)), "A"), numpy_helper.from_array(np.ones((1, 40_000)), "B")
    nodes = [
        helper.make_node("MatMul", ["X", "W"], ["S"]),
        helper.make_node("ReduceMax", ["X"], ["M"], keepdims=1),
        helper.make_node("MatMul", ["M", "B"], ["R"]),
        helper.make_node("MatMul", ["A", "R"], ["Huge"]),  # 12.8 GB
        helper.make_node("ReduceMean", ["Huge"], ["Z"], keepdims=1),
        helper.make_node("Mul", ["S", "Z"], ["T"]),
        helper.make_node("Softmax", ["T"], ["P"], axis=1),
    ]
    made = served(graph(nodes, tensors=[numpy_helper.from_array(WEIGHTS, "W"), *ones]))
    with pytest.raises(ValueError, match="its graph failed"):
        made.predict_proba(ROWS[:1])
    assert served(graph()).predict_proba(ROWS).shape == (3, 3)


def trees(**changes):
    told = {
        "nodes_treeids": [0, 0, 0],
        "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [0, 0, 0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
        "nodes_values": [0.5, 0.0, 0.0],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
        "class_treeids": [0, 0],
        "class_nodeids": [1, 2],
        "class_ids": [0, 1],
        "class_weights": [1.0, 1.0],
        "classlabels_int64s": [0, 1, 2],
        "post_transform": "NONE",
    }
    node = helper.make_node("TreeEnsembleClassifier", ["X"], ["L", "P"], domain="ai.onnx.ml", **told | changes)
    inputs, outputs = [matrix("X", 2, kind=TensorProto.FLOAT)], [matrix("P", 3, kind=TensorProto.FLOAT)]
    return graph([node], inputs=inputs, outputs=outputs, tensors=[], opsets=(("", 17), ("ai.onnx.ml", 3)))


def test_trees_inside_of_a_graph_are_served():
    assert served(trees()).predict_proba([[0.4, 0.0], [0.6, 0.0]]).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes_truenodeids": [0, 0, 0]},  # a circle
        {"nodes_truenodeids": [2, 0, 0]},  # a shared leaf
        {"nodes_truenodeids": [7, 0, 0]},
        {"nodes_truenodeids": [-1, 0, 0]},
        {"nodes_truenodeids": [1, 0]},
        {"nodes_nodeids": [0, 1, 1]},
        {"nodes_treeids": [0, 1, 0]},
        {"class_nodeids": [1, 9]},
        {"class_nodeids": [1]},
    ],
)
def test_trees_that_lead_nowhere_are_refused(changes):
    with pytest.raises(IncompatibleArtifactError, match=r"its graph"):
        served(trees(**changes))


@pytest.mark.parametrize(
    ("proto", "reason"),
    [
        (lambda: graph(inputs=[matrix("X", 2, rows=1)]), "dynamic first axis"),
        (lambda: graph(inputs=[matrix("X", 2), matrix("Y", 2)]), "must take one matrix"),
        (
            lambda: graph(inputs=[matrix("X", 2, kind=TensorProto.INT64)]),
            "onnxruntime cannot open|must take one matrix",
        ),
    ],
)
def test_graphs_that_take_or_give_something_else_are_refused(proto, reason):
    with pytest.raises(IncompatibleArtifactError, match=reason):
        served(proto())


def test_a_graph_with_another_number_of_classes_is_refused():
    with pytest.raises(IncompatibleArtifactError, match="with 2 columns"):
        served(graph(), classes=("DOWN", "UP"))


def test_a_graph_of_other_features_is_refused():
    with pytest.raises(IncompatibleArtifactError, match="takes 2 features, not 5"):
        served(graph(), n_features_in_=5)


def test_damaged_files_are_refused_or_still_give_rows():
    data, random = graph().SerializeToString(), np.random.default_rng(5)
    for _ in range(300):
        damaged = bytearray(data)
        damaged[random.integers(0, len(data))] = random.integers(0, 256)
        try:
            said = GraphModel(bytes(damaged), CLASSES, 2).predict_proba(ROWS)
        except (IncompatibleArtifactError, ValueError):
            continue
        assert said.shape == (3, 3)
    for size in range(len(data)):
        with pytest.raises(IncompatibleArtifactError):
            GraphModel(data[:size], CLASSES, 2)


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, b"\x3a\xff\xff\xff\xff\x0f", b"no graph"])
def test_what_is_no_graph_is_refused(data):
    with pytest.raises(IncompatibleArtifactError):
        inspection.check(data, name="it")


def test_without_onnxruntime_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"ensemble-desk\[onnx\]"):
        served(graph())
