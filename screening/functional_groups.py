"""The header of one frame: a classic header as it is, a multi-frame one by its functional groups (PS3.3 C.7.6.16)."""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from screening.elements import Elements, sequence_items

_SHARED = 0x52009229
_PER_FRAME = 0x52009230

# PS3.3 C.7.6.16.2 and C.8.15.3: the macros that hold what a slice of a CT needs.
_MACROS = (
    0x00209113,  # Plane Position
    0x00209116,  # Plane Orientation
    0x00289110,  # Pixel Measures
    0x00289145,  # Pixel Value Transformation
    0x00189329,  # CT Image Frame Type
    0x00189314,  # CT Reconstruction
    0x00189304,  # CT Acquisition Details
)


def frames_elements(dataset: Dataset, frames: int) -> Iterator[Elements]:
    """The elements that hold for each of `frames` frames, in order."""
    shared = [layer for group in sequence_items(dataset, _SHARED)[:1] for layer in _macros(group)]
    per_frame = sequence_items(dataset, _PER_FRAME)
    for frame in range(frames):
        own = _macros(per_frame[frame]) if frame < len(per_frame) else []
        yield Elements(*own, *shared, dataset)


def _macros(group: Dataset) -> list[Dataset]:
    return [item for macro in _MACROS for item in sequence_items(group, macro)[:1]]
