"""Page-locked host memory with a device buffer of the same size, through NVIDIA's cuda-bindings."""

import ctypes
from typing import Any

import numpy as np
from cuda.bindings import runtime
from numpy.typing import NDArray

from benchmarks.gpu.providers import CannotRun


def checked(answer: tuple[Any, ...]) -> Any:
    """The value of a call of the CUDA runtime; raises CannotRun with CUDA's words."""
    status, *values = answer
    if status != runtime.cudaError_t.cudaSuccess:
        raise CannotRun(f"CUDA: {runtime.cudaGetErrorString(status)[1].decode()}")
    return values[0] if values else None


class Buffer:
    """`host` is an array in page-locked memory, `device` the address of as many bytes on the device."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        size = int(np.prod(shape)) * dtype.itemsize
        self.device = int(checked(runtime.cudaMalloc(size)))
        self._address = int(checked(runtime.cudaMallocHost(size)))
        raw = (ctypes.c_byte * size).from_address(self._address)
        self.host: NDArray[Any] = np.ctypeslib.as_array(raw).view(dtype).reshape(shape)

    def copy_in(self, rows: NDArray[Any], stream: Any) -> None:
        """Copy rows to the device."""
        target = self.host[: len(rows)]
        target[...] = rows
        self._copy(self.device, target.ctypes.data, target.nbytes, "cudaMemcpyHostToDevice", stream)

    def copy_out(self, rows: int, stream: Any) -> NDArray[Any]:
        """Rows of the host's array, filled once the stream is synchronised."""
        source = self.host[:rows]
        self._copy(source.ctypes.data, self.device, source.nbytes, "cudaMemcpyDeviceToHost", stream)
        return source

    @staticmethod
    def _copy(target: int, source: int, size: int, kind: str, stream: Any) -> None:
        checked(runtime.cudaMemcpyAsync(target, source, size, getattr(runtime.cudaMemcpyKind, kind), stream))
