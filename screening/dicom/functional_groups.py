"""The header of each frame: of a single-frame file as it is, of a multi-frame one by its functional groups.

PS3.3 C.7.6.16.
"""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from screening.dicom.bounded_reading import HeaderReads
from screening.dicom.element_values import Elements, sequence_items
from screening.dicom.part10 import FileHeader

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


def elements_by_frame(head: FileHeader, frames: int) -> Iterator[Elements]:
    """The elements that apply to each of `frames` frames, in order."""
    dataset, reads = head.dataset, head.reads
    groups = sequence_items(dataset, "SharedFunctionalGroupsSequence", reads)[:1]
    shared = [layer for group in groups for layer in _macros(group, reads)]
    per_frame = sequence_items(dataset, "PerFrameFunctionalGroupsSequence", reads)
    for frame in range(frames):
        own = _macros(per_frame[frame], reads) if frame < len(per_frame) else []
        yield Elements(*own, *shared, dataset, reads=reads)


def _macros(group: Dataset, reads: HeaderReads) -> list[Dataset]:
    return [item for macro in _MACROS for item in sequence_items(group, macro, reads)[:1]]
