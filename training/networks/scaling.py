"""Scaling of the bytes of a view to floating point."""

from torch import Tensor


def signed(views: Tensor) -> Tensor:
    """Bytes 0..255 as float32 in [-1, 1]: x/255, then (x - 0.5)/0.5."""
    return views.float() / 127.5 - 1.0


def unsigned(views: Tensor) -> Tensor:
    """Bytes 0..255 as float32 in [0, 1], as Ultralytics' classifiers expect."""
    return views.float() / 255.0
