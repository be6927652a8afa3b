"""The lungs and the suspicious region as a binary SEG on the slices of the source (PS3.3 A.51)."""

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from gateway.result_objects import codes
from gateway.result_objects.object_identity import MANUFACTURER, ObjectIdentity
from gateway.result_objects.source_images import SourceImages
from gateway.viewing.rendering import lung_slices
from screening.results.suspicious_region import suspicious_region

LUNGS_COLOUR: tuple[int, int, int] = (90, 170, 220)
REGION_COLOUR: tuple[int, int, int] = (230, 60, 40)


class _Masks(np.ndarray[tuple[int, ...], np.dtype[np.uint8]]):
    """Masks [slices, rows, columns, segments] that are added as bytes.

    numpy adds bytes as 64 bits, and highdicom looks for overlaps by a sum: 2.2 GB for 600 slices of 512 x 512, not 0.8.
    """

    def sum(self, axis: int) -> NDArray[np.uint8]:  # type: ignore[override]
        return np.asarray(np.add.reduce(np.asarray(self), axis=axis, dtype=np.uint8))


def segmentation(identity: ObjectIdentity, source: SourceImages) -> Dataset:
    """Segment 1 is both lungs as the viewer shows them; segment 2, of a pathology with a box, the suspicious region."""
    volume, result = source.analysed_volume(), identity.result
    regions = {}
    if result.box is not None and result.evidence is not None:
        regions = suspicious_region(result.evidence, result.box)
    segments = [_segment(identity, 1, "Lungs", codes.ANATOMICAL_STRUCTURE, codes.LUNG, LUNGS_COLOUR)]
    if regions:
        segments.append(
            _segment(identity, 2, "Suspicious region", codes.ABNORMAL_STRUCTURE, codes.LESION, REGION_COLOUR)
        )
    masks = np.zeros((*volume.geometry.shape, len(segments)), np.uint8).view(_Masks)
    for index, lungs in enumerate(lung_slices(volume, 1)):
        if lungs.any():  # a slice that stays untouched takes no memory, and no frame
            masks[index, ..., 0] = lungs
    for index, region in regions.items():
        masks[index, ..., 1] = region
    return Segmentation(
        source_images=source.images,
        pixel_array=masks,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=segments,
        content_label="TURNSTILE",
        content_description=f"{MANUFACTURER}: {identity.description}",
        content_creator_name=f"{MANUFACTURER}^",
        **identity.arguments,
    )


def _segment(
    identity: ObjectIdentity, number: int, label: str, category: Code, kind: Code, colour: tuple[int, int, int]
) -> SegmentDescription:
    return SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm(identity),
        tracking_uid=identity.uid("segment", label),
        tracking_id=label,
        display_color=CIELabColor.from_rgb(*colour),
    )


def algorithm(identity: ObjectIdentity) -> AlgorithmIdentificationSequence:
    """The program and its networks (PS3.3 10.25)."""
    origin = identity.result.origin
    return AlgorithmIdentificationSequence(
        name=MANUFACTURER,
        version=f"{origin.program} {origin.model_card}".strip()[:64],
        family=codes.ARTIFICIAL_INTELLIGENCE,
        source=MANUFACTURER,
    )
