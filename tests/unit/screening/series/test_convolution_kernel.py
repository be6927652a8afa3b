"""Sharpness of kernels by their vendors' names."""

import pytest

from screening.series.convolution_kernel import Sharpness, sharpness


@pytest.mark.parametrize(
    "kernel", ["B20f", "B31s", "B40f", "D40s", "Br40d\\3", "I30f\\3", "STANDARD", "SOFT", "FC01", "FC13", "B", "Body"]
)
def test_soft(kernel: str) -> None:
    assert sharpness(kernel) is Sharpness.SOFT


@pytest.mark.parametrize(
    "kernel", ["B60f", "B70f", "Bl57d\\3", "I70f\\3", "LUNG", "BONEPLUS", "EDGE", "FC30", "FC51", "FC86", "L", "lung"]
)
def test_sharp(kernel: str) -> None:
    assert sharpness(kernel) is Sharpness.SHARP


@pytest.mark.parametrize("kernel", ["", "X", "YB", "house recipe", "123"])
def test_an_unknown_name(kernel: str) -> None:
    assert sharpness(kernel) is Sharpness.UNKNOWN
