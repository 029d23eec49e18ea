"""The operators that a graph may use: of ONNX's own domains, without loops, chance, and data outside of the file.

What one of them makes can be larger than the file; the memory that all together get is bounded where graphs are run.
"""

STANDARD = frozenset({"", "ai.onnx"})
CLASSICAL = "ai.onnx.ml"
TREES = frozenset({"TreeEnsembleClassifier", "TreeEnsembleRegressor"})

_ARITHMETIC = """
    Abs Add And ArgMax ArgMin Ceil Clip CumSum Div Equal Erf Exp Floor Greater GreaterOrEqual IsInf IsNaN Less
    LessOrEqual Log Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Round Sign Sqrt Sub Sum Where Xor
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
"""
_SHAPES = """
    Cast CastLike Concat Constant ConstantOfShape Expand Flatten Gather GatherElements GatherND Identity Pad Range
    Reshape Shape Size Slice Split Squeeze Tile TopK Transpose Unsqueeze
"""
_NETWORKS = """
    AveragePool BatchNormalization Conv Dropout Einsum Elu GRU Gelu Gemm GlobalAveragePool GlobalMaxPool
    GroupNormalization HardSigmoid HardSwish InstanceNormalization LSTM LayerNormalization LeakyRelu LogSoftmax MatMul
    MaxPool PRelu RNN Relu Selu Sigmoid Softmax Softplus Softsign Tanh ThresholdedRelu
"""
_CLASSICAL = """
    ArrayFeatureExtractor Imputer LinearClassifier LinearRegressor Normalizer SVMClassifier Scaler
    TreeEnsembleClassifier TreeEnsembleRegressor
"""
ALLOWED = {
    **dict.fromkeys(STANDARD, frozenset(f"{_ARITHMETIC} {_SHAPES} {_NETWORKS}".split())),
    CLASSICAL: frozenset(_CLASSICAL.split()),
}
"""Names of operators by domain."""
