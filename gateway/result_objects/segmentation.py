"""The lungs and the suspicious region as a binary SEG on the slices of the source (PS3.3 A.51)."""

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from gateway.result_objects import codes
from gateway.result_objects.object_identity import MANUFACTURER, ObjectIdentity
from gateway.result_objects.source_images import SourceImages
from gateway.viewing.rendering import lung_slices
from screening.results.suspicious_region import suspicious_region

LUNGS_COLOUR: tuple[int, int, int] = (90, 170, 220)
REGION_COLOUR: tuple[int, int, int] = (230, 60, 40)


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
    frames, images = [], []
    for index, lungs in enumerate(lung_slices(volume, 1)):
        planes = [lungs, regions[index]] if index in regions else [lungs, np.zeros_like(lungs)]
        if lungs.any() or index in regions:
            frames.append(np.stack(planes[: len(segments)], axis=-1).astype(np.uint8))
            images.append(source.images[index])
    return Segmentation(
        source_images=images,
        pixel_array=np.stack(frames),
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
