"""The networks on a GPU: build, parity, verdicts, rates, and how near they come to what the device can do.

    python -m benchmarks.gpu                          # ONNX Runtime CUDA and TensorRT FP16 plans, within 12 minutes
    python -m benchmarks.gpu --provider cpu --short   # the same code on a CPU; shows that it works, measures nothing

benchmarks/README.md says how to prepare the environment.
"""
