"""The header of each frame: of a single-frame file as it is, of a multi-frame one by its functional groups.

PS3.3 C.7.6.16.
"""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from screening.dicom.element_values import Elements, sequence_items

# PS3.3 C.7.6.16.2 and C.8.15.3: the macros that hold the elements which screening reads.
_MACROS = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
    "CTImageFrameTypeSequence",
    "CTReconstructionSequence",
    "CTAcquisitionDetailsSequence",
    "FrameContentSequence",
    "CardiacSynchronizationSequence",
)


def elements_by_frame(dataset: Dataset, frames: int) -> Iterator[Elements]:
    """The elements that apply to each of `frames` frames, in order."""
    shared = [
        layer for group in sequence_items(dataset, "SharedFunctionalGroupsSequence")[:1] for layer in _macros(group)
    ]
    per_frame = sequence_items(dataset, "PerFrameFunctionalGroupsSequence")
    for frame in range(frames):
        own = _macros(per_frame[frame]) if frame < len(per_frame) else []
        yield Elements(*own, *shared, dataset)


def _macros(group: Dataset) -> list[Dataset]:
    return [item for macro in _MACROS for item in sequence_items(group, macro)[:1]]
