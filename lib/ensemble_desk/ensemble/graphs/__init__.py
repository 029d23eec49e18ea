"""Models as ONNX graphs: inspected as data before anything is made of them, run by onnxruntime (extra `onnx`)."""
