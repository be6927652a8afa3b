"""Evidence: the networks' maps and scores for the slices of a study, stored so that a heatmap can be drawn later.

One analysis may hold several studies; `pack` writes all of them into one npz of plain arrays (no pickle); equal input
gives equal bytes. `unpack` checks every array: one that is missing, has another shape or is not finite raises
InvalidEvidence.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from screening.dicom.geometry import Geometry
from screening.lungs.in_plane_orientation import InPlaneOrientation
from screening.preparation import PreparedStudy
from screening.results.fusion import Fusion, SliceOutputs, cell_probability
from screening.views.crop import Crop

_FORMAT: Final = 2
_READABLE: Final = (1, 2)  # format 1 has two flags of the crop, and an activation map without a scale of its own
# Exceptions of numpy and zipfile for bytes that are not an npz, or arrays of another shape or type.
_UNPACK_ERRORS = (ValueError, TypeError, LookupError, EOFError, OSError, zipfile.BadZipFile, NotImplementedError)


class InvalidEvidence(ValueError):
    """Inconsistent arrays, or bytes that `pack` did not write."""


class MapKind(StrEnum):
    """Which map: the classifier's activation, or the autoencoder's reconstruction error."""

    ACTIVATION = "activation"
    ERROR = "error"


@dataclass(frozen=True, eq=False)
class Evidence:
    """K slices of one study: `slice_indices` [K] ascend in `geometry`; the maps are [K, h, w] and [K, g, g].

    `activation` is the probability of pathology of each cell.

    `slice_p` and `slice_r` [K] are the two parts of each slice's score, as in `screening.results.fusion`. Where the 3D
    expert's p is the study's score, `expert_key` is the number of the slice nearest to its place.
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
    expert_key: int | None = None

    def __post_init__(self) -> None:
        count, indices = len(self.slice_indices), self.slice_indices
        if not count or sorted(set(indices)) != list(indices) or not 0 <= indices[0] <= indices[-1] < len(self):
            raise InvalidEvidence("slice indices must ascend within the series")
        if self.expert_key is not None and not 0 <= self.expert_key < count:
            raise InvalidEvidence(f"slice {self.expert_key} of {count} is no key slice")
        for name, axes in (("activation", 3), ("error_map", 3), ("slice_p", 1), ("slice_r", 1)):
            values = getattr(self, name)
            if values.ndim != axes or len(values) != count or not values.size or not np.isfinite(values).all():
                raise InvalidEvidence(f"{name} has shape {list(values.shape)} for {count} slices, or is not finite")

    @classmethod
    def of(cls, prepared: PreparedStudy, outputs: SliceOutputs, fusion: Fusion) -> Self:
        """The evidence of a study that the networks have analysed."""
        return cls(
            study_uid=prepared.study_uid,
            series_uid=prepared.series_uid,
            geometry=prepared.geometry,
            crop=prepared.crop,
            slice_indices=prepared.slice_indices,
            activation=cell_probability(outputs.activation),
            error_map=outputs.error_map,
            slice_p=fusion.slice_p,
            slice_r=fusion.slice_r,
            expert_key=fusion.key if fusion.by_expert else None,
        )

    def __len__(self) -> int:
        """Number of slices of the series."""
        return self.geometry.shape[0]

    @property
    def key_slice(self) -> int:
        """Index in the series of the slice with the highest score, the lowest of equal ones; or the 3D expert's."""
        key = self.expert_key
        return self.slice_indices[int(np.maximum(self.slice_p, self.slice_r).argmax()) if key is None else key]

    def maps(self, kind: MapKind) -> NDArray[np.float32]:
        """The maps [K, cells, cells], 0 to 1: the probability of each cell, or the error between the study's extremes.

        All slices share one range: scaled alone, a slice of noise would look as suspicious as the key slice.
        """
        return self.activation if kind is MapKind.ACTIVATION else _scaled(self.error_map)

    def heatmap(self, kind: MapKind, number: int) -> NDArray[np.float32]:
        """The map of chosen slice `number` (0 ... K - 1) as [rows, columns] of the series; 0 outside the crop."""
        return self.crop.map_on_slice(self.maps(kind)[number], self.geometry.shape[1:])

    def decisive_map(self, number: int) -> MapKind:
        """The map of the network with the higher part of the score of chosen slice `number` (0 ... K - 1)."""
        return MapKind.ERROR if self.slice_r[number] > self.slice_p[number] else MapKind.ACTIVATION

    def nearest_chosen(self, index: int) -> int | None:
        """The number (0 ... K - 1) of the chosen slice nearest to slice `index` of the series.

        None when it is farther away than half of the widest step between chosen slices.
        """
        distances = np.abs(np.asarray(self.slice_indices) - index)
        number = int(distances.argmin())
        farthest = max(np.diff(self.slice_indices).tolist(), default=0) / 2
        return number if distances[number] <= farthest else None


def _scaled(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """The study's lowest value is 0 and its highest 1; all 0 if they are equal."""
    low, high = float(maps.min()), float(maps.max())
    return np.asarray((maps - low) / (high - low), np.float32) if high > low else np.zeros_like(maps)


def pack(studies: Sequence[Evidence]) -> bytes:
    """The studies of one analysis as an npz."""
    arrays: dict[str, Any] = {"format": np.array([_FORMAT, len(studies)])}
    for number, study in enumerate(studies):
        arrays |= {f"{number}.{name}": values for name, values in _arrays(study).items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(data: bytes) -> tuple[Evidence, ...]:
    """The studies that `pack` has written; raises InvalidEvidence."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return tuple([_study(arrays, f"{number}.") for number in range(_count(arrays))])
    except InvalidEvidence:
        raise
    except _UNPACK_ERRORS:
        raise InvalidEvidence("these bytes are not the evidence of an analysis") from None


def _count(arrays: Mapping[str, NDArray[Any]]) -> int:
    version, count = arrays["format"].tolist()
    if version not in _READABLE:
        raise InvalidEvidence(f"evidence of format {version}; this program reads {_READABLE}")
    return int(count)


def _arrays(study: Evidence) -> dict[str, NDArray[Any]]:
    expert = {} if study.expert_key is None else {"expert_key": np.array(study.expert_key)}
    return expert | {
        "uids": np.array([study.study_uid, study.series_uid]),
        "shape": np.array(study.geometry.shape),
        "affine_lps": study.geometry.affine_lps,
        "spacing_mm": np.array(study.geometry.spacing_mm),
        "crop": np.array([*astuple(study.crop)[:5], *astuple(study.crop.orientation)], np.int64),
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
    row0, row1, column0, column1, size, *turned = arrays[f"{prefix}crop"].tolist()
    return Evidence(
        study_uid=study_uid,
        series_uid=series_uid,
        geometry=Geometry(
            (slices, rows, columns),
            np.asarray(arrays[f"{prefix}affine_lps"], np.float64),
            (slice_mm, row_mm, column_mm),
        ),
        crop=Crop(row0, row1, column0, column1, size, _orientation(turned)),
        slice_indices=tuple(arrays[f"{prefix}slice_indices"].tolist()),
        activation=_activation(arrays, prefix),
        error_map=np.asarray(arrays[f"{prefix}error_map"], np.float32),
        slice_p=np.asarray(arrays[f"{prefix}slice_p"], np.float64),
        slice_r=np.asarray(arrays[f"{prefix}slice_r"], np.float64),
        expert_key=int(arrays[f"{prefix}expert_key"]) if f"{prefix}expert_key" in arrays else None,
    )


def _activation(arrays: Mapping[str, NDArray[Any]], prefix: str) -> NDArray[np.float32]:
    maps = np.asarray(arrays[f"{prefix}activation"], np.float32)
    return _scaled(maps) if arrays["format"][0] == 1 and maps.size else maps


def _orientation(flags: Sequence[int]) -> InPlaneOrientation:
    upside_down, mirrored = (bool(flag) for flag in flags[-2:])
    return InPlaneOrientation(len(flags) > 2 and bool(flags[0]), upside_down, mirrored)
