"""Evidence: what the networks saw in the slices of a study, small enough to keep, so that a heatmap can be drawn later.

One analysis may hold several studies; `pack` writes all of them into one npz of plain arrays (no pickle), equal input
to equal bytes. `unpack` believes nothing: an array that is missing, of another shape or no number is InvalidEvidence.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from screening.crop import Crop
from screening.fusion import Fusion, SliceOutputs
from screening.geometry import Geometry
from screening.preparation import PreparedStudy

_FORMAT: Final = 1
# What numpy and zipfile raise on bytes that are no npz, or on arrays that are not what they should be.
_UNPACK_ERRORS = (ValueError, TypeError, LookupError, EOFError, OSError, zipfile.BadZipFile, NotImplementedError)


class InvalidEvidence(ValueError):
    """Arrays that do not belong together, or bytes that `pack` did not write."""


class Kind(StrEnum):
    """Whose map: the classifier's activation, or the autoencoder's reconstruction error."""

    ACTIVATION = "activation"
    ERROR = "error"


@dataclass(frozen=True, eq=False)
class Evidence:
    """K slices of one study: `slice_indices` [K] ascend in `geometry`; maps of the views are [K, h, w] and [K, g, g].

    `slice_p` and `slice_r` [K] are the two parts of each slice's score, as in `screening.fusion`.
    """

    study_uid: str
    series_uid: str
    geometry: Geometry
    crop: Crop
    slice_indices: tuple[int, ...]
    activation: NDArray[np.float32] = field(repr=False)
    error_map: NDArray[np.float32] = field(repr=False)
    slice_p: NDArray[np.float64] = field(repr=False)
    slice_r: NDArray[np.float64] = field(repr=False)

    def __post_init__(self) -> None:
        count, indices = len(self.slice_indices), self.slice_indices
        if not count or sorted(set(indices)) != list(indices) or not 0 <= indices[0] <= indices[-1] < len(self):
            raise InvalidEvidence("slice indices must ascend within the series")
        for name, axes in (("activation", 3), ("error_map", 3), ("slice_p", 1), ("slice_r", 1)):
            values = getattr(self, name)
            if values.ndim != axes or len(values) != count or not values.size or not np.isfinite(values).all():
                raise InvalidEvidence(f"{name} has shape {list(values.shape)} for {count} slices, or holds no numbers")

    @classmethod
    def of(cls, prepared: PreparedStudy, outputs: SliceOutputs, fusion: Fusion) -> Self:
        """The evidence of a study that went through the networks."""
        return cls(
            study_uid=prepared.study_uid,
            series_uid=prepared.series_uid,
            geometry=prepared.geometry,
            crop=prepared.crop,
            slice_indices=prepared.slice_indices,
            activation=outputs.activation,
            error_map=outputs.error_map,
            slice_p=fusion.slice_p,
            slice_r=fusion.slice_r,
        )

    def __len__(self) -> int:
        """Slices of the whole series."""
        return self.geometry.shape[0]

    @property
    def key_slice(self) -> int:
        """Index of the slice that decided; of equal ones the lowest."""
        return self.slice_indices[int(np.maximum(self.slice_p, self.slice_r).argmax())]

    def maps(self, kind: Kind) -> NDArray[np.float32]:
        """The maps [K, cells, cells], 0 at the lowest value of the study and 1 at its highest; an even study gives 0.

        One range for all slices: a slice that stretched its own noise to 1 would look as suspicious as the key slice.
        """
        values = self.activation if kind is Kind.ACTIVATION else self.error_map
        low, high = float(values.min()), float(values.max())
        return np.asarray((values - low) / (high - low), np.float32) if high > low else np.zeros_like(values)

    def heatmap(self, kind: Kind, place: int) -> NDArray[np.float32]:
        """The map of the place-th chosen slice, [rows, columns] of the original grid; 0 outside the crop."""
        return self.crop.placed(self.maps(kind)[place], self.geometry.shape[1:])

    def place_of(self, index: int) -> int | None:
        """Which chosen slice stands for slice `index` of the series; None far outside of the chosen ones.

        The nearest one does, at most half of the widest step between chosen slices away: its share of the lungs.
        """
        distances = np.abs(np.asarray(self.slice_indices) - index)
        place = int(distances.argmin())
        reach = max(np.diff(self.slice_indices).tolist(), default=0) / 2
        return place if distances[place] <= reach else None


def pack(studies: Sequence[Evidence]) -> bytes:
    """The studies of one analysis as an npz."""
    arrays: dict[str, Any] = {"format": np.array([_FORMAT, len(studies)])}
    for number, study in enumerate(studies):
        arrays |= {f"{number}.{name}": values for name, values in _arrays(study).items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(data: bytes) -> tuple[Evidence, ...]:
    """The studies that `pack` wrote; raises InvalidEvidence."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return tuple([_study(arrays, f"{number}.") for number in range(_count(arrays))])
    except InvalidEvidence:
        raise
    except _UNPACK_ERRORS:
        raise InvalidEvidence("this is no evidence of an analysis") from None


def _count(arrays: Mapping[str, NDArray[Any]]) -> int:
    version, count = arrays["format"].tolist()
    if version != _FORMAT:
        raise InvalidEvidence(f"evidence of format {version}; this program reads {_FORMAT}")
    return int(count)


def _arrays(study: Evidence) -> dict[str, NDArray[Any]]:
    return {
        "uids": np.array([study.study_uid, study.series_uid]),
        "shape": np.array(study.geometry.shape),
        "affine_lps": study.geometry.affine_lps,
        "spacing_mm": np.array(study.geometry.spacing_mm),
        "crop": np.array(astuple(study.crop), np.int64),
        "slice_indices": np.array(study.slice_indices, np.int64),
        "activation": study.activation,
        "error_map": study.error_map,
        "slice_p": study.slice_p,
        "slice_r": study.slice_r,
    }


def _study(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Evidence:
    study_uid, series_uid = arrays[f"{prefix}uids"].tolist()
    slices, rows, columns = arrays[f"{prefix}shape"].tolist()
    slice_mm, row_mm, column_mm = arrays[f"{prefix}spacing_mm"].tolist()
    row0, row1, column0, column1, size, upside_down, mirrored = arrays[f"{prefix}crop"].tolist()
    return Evidence(
        study_uid=study_uid,
        series_uid=series_uid,
        geometry=Geometry(
            (slices, rows, columns),
            np.asarray(arrays[f"{prefix}affine_lps"], np.float64),
            (slice_mm, row_mm, column_mm),
        ),
        crop=Crop(row0, row1, column0, column1, size, bool(upside_down), bool(mirrored)),
        slice_indices=tuple(arrays[f"{prefix}slice_indices"].tolist()),
        activation=np.asarray(arrays[f"{prefix}activation"], np.float32),
        error_map=np.asarray(arrays[f"{prefix}error_map"], np.float32),
        slice_p=np.asarray(arrays[f"{prefix}slice_p"], np.float64),
        slice_r=np.asarray(arrays[f"{prefix}slice_r"], np.float64),
    )
