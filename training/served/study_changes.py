"""Changes of a study that mean nothing: fewer slices, a shift, another kernel, another seed of the noise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from training.served.decoded_volume import DecodedVolume, Hu

SPACINGS_MM: Final = (6.0, 10.0)
NEAR: Final = 0.2  # of a spacing: 7.5 mm are no 6 mm
SOFTER_SD_MM: Final = 0.5  # from B40 to B20
SHARPER_SD_MM: Final = 0.6
SHARPER_AMOUNT: Final = 1.2  # doubles the noise of normal001, as B70 does that of B40 in lung_dx_a0002


@dataclass(frozen=True)
class StudyChange:
    """A changed study; `kind` is the name of its group in the table."""

    kind: str
    volume: DecodedVolume = field(repr=False)
    other_noise: bool = False


def changes_of(volume: DecodedVolume, other_series: Sequence[DecodedVolume] = ()) -> Iterator[StudyChange]:
    """Every change of one study; `other_series` are its reconstructions by other kernels."""
    count = len(volume)
    for start in (0, 1):
        yield StudyChange("half of the slices left out", volume.only(range(start, count, 2)))
    step_mm = volume.geometry.spacing_mm[0]
    for spacing_mm in SPACINGS_MM:
        every = round(spacing_mm / step_mm)
        if every > 2 and abs(every * step_mm - spacing_mm) <= NEAR * spacing_mm:
            for start in range(every):
                yield StudyChange(f"slices {spacing_mm:g} mm apart", volume.only(range(start, count, every)))
    yield StudyChange("one slice fewer at an end", volume.only(range(1, count)))
    yield StudyChange("one slice fewer at an end", volume.only(range(count - 1)))
    for other in other_series:
        yield StudyChange("another kernel of the scanner", other)
    yield StudyChange("simulated softer kernel", volume.with_values(_softer(volume)))
    yield StudyChange("simulated sharper kernel", volume.with_values(_sharper(volume)))
    yield StudyChange("another seed of the noise view", volume, other_noise=True)


def _softer(volume: DecodedVolume) -> Hu:
    return np.stack([_hu(_blurred(hu, volume, SOFTER_SD_MM)) for hu in volume.values])


def _sharper(volume: DecodedVolume) -> Hu:
    """Unsharp masking: edges overshoot and noise grows, as with a kernel for lungs or bones."""
    return np.stack(
        [
            _hu(hu + SHARPER_AMOUNT * (hu.astype(np.float32) - _blurred(hu, volume, SHARPER_SD_MM)))
            for hu in volume.values
        ]
    )


def _blurred(hu: Hu, volume: DecodedVolume, sd_mm: float) -> np.typing.NDArray[np.float32]:
    _, row_mm, column_mm = volume.geometry.spacing_mm
    blurred = cv2.GaussianBlur(hu.astype(np.float32), (0, 0), sd_mm / column_mm, sigmaY=sd_mm / row_mm)
    return np.asarray(blurred, np.float32)


def _hu(values: np.typing.NDArray[np.float32]) -> Hu:
    return np.asarray(np.clip(np.rint(values), -1024, 3071), np.int16)
