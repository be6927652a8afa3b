"""Static INT8 quantisation: QDQ nodes with uint8 activations and int8 weights per channel."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from export.checked_graph import save_checked
from screening.contract import Signature

BATCH: Final = 4
QUANTISED: Final = ("Conv", "Add", "MaxPool", "Resize")  # not the comparisons that count cells of the lung mask


class CalibrationInputs(Protocol):
    """Inputs of a network, at most so many rows at once, by the contract's tensor names."""

    def batches(self, size: int) -> list[dict[str, NDArray[np.uint8]]]: ...


def write_int8(
    source: Path, signature: Signature, inputs: CalibrationInputs, path: Path, quantised: Sequence[str] = QUANTISED
) -> None:
    """Quantise these operators of the FP32 graph at `source`; equal input gives equal bytes.

    Weights have 7 bits: then u8 x s8 products fit the 16-bit sums of processors without VNNI, and every processor gives
    the outputs for which parity was measured.
    """
    names = tuple(tensor.name for tensor in signature.inputs)
    with tempfile.TemporaryDirectory() as folder:
        prepared, written = Path(folder) / "prepared.onnx", Path(folder) / "quantised.onnx"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            written,
            _Feeds(inputs, names),
            op_types_to_quantize=list(quantised),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            calibrate_method=CalibrationMethod.MinMax,
        )
        save_checked(onnx.load(written), signature, path)


class _Feeds(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    """Calibration batches for onnxruntime."""

    def __init__(self, inputs: CalibrationInputs, names: tuple[str, ...]) -> None:
        self._batches: Iterator[Mapping[str, NDArray[Any]]] = iter(
            [{name: batch[name] for name in names} for batch in inputs.batches(BATCH)]
        )

    def get_next(self) -> Mapping[str, NDArray[Any]] | None:
        return next(self._batches, None)
