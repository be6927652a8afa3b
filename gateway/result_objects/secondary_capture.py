"""The heatmap and the box burned into the slices, as colour images for viewers that show nothing else (PS3.3 A.8)."""

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np
from highdicom.sc import SCImage
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from gateway.result_objects.heatmap import decisive_slices, evidence_of
from gateway.result_objects.object_identity import MANUFACTURER, NO_DEVICE, ObjectIdentity
from gateway.result_objects.source_images import SourceImages
from screening.views.display_window import LUNG
from screening.views.heatmap_colours import overlaid

BOX_COLOUR: Final = (255, 80, 60)
TEXT_COLOUR: Final = (255, 255, 255)
TEXT_SHARE: Final = 0.0012  # of the width, as cv2's scale: a line takes two thirds of it


def secondary_captures(identity: ObjectIdentity, source: SourceImages) -> Iterator[tuple[ObjectIdentity, Dataset]]:
    """One image for each slice that the networks saw; raises NoResultObject without a heatmap."""
    volume, evidence = source.analysed_volume(), evidence_of(identity.result)
    for number, (index, heat) in enumerate(decisive_slices(evidence), start=1):
        own = identity.numbered(number)
        yield own, _capture(own, source, index, _picture(identity, LUNG.grey(volume.hu(index)), heat, index))


def _picture(
    identity: ObjectIdentity, grey: NDArray[np.uint8], heat: NDArray[np.float32], index: int
) -> NDArray[np.uint8]:
    result = identity.result
    picture = np.ascontiguousarray(overlaid(grey, heat))
    if result.box is not None and result.box.z[0] <= index <= result.box.z[1]:
        (left, right), (top, bottom) = result.box.x, result.box.y
        cv2.rectangle(picture, (left, top), (right, bottom), BOX_COLOUR, 1)
    scale = picture.shape[1] * TEXT_SHARE
    lines = (_headline(identity), f"{MANUFACTURER}, {NO_DEVICE}")
    for line, text in enumerate(lines, start=1):
        at = (4, round(line * 26 * scale))
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, TEXT_COLOUR, 1, cv2.LINE_AA)
    return picture


def _headline(identity: ObjectIdentity) -> str:
    result = identity.result
    return f"{result.verdict.value.capitalize()}, probability {result.probability:.3f}"


def _capture(identity: ObjectIdentity, source: SourceImages, index: int, picture: NDArray[np.uint8]) -> Dataset:
    image = source.images[index]
    capture = SCImage(
        pixel_array=picture,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        pixel_spacing=(float(image.PixelSpacing[0]), float(image.PixelSpacing[1])),
        patient_orientation=_orientation(image),
        **source.study_arguments,
        **identity.arguments,
    )
    capture.BurnedInAnnotation = "YES"
    capture.RecognizableVisualFeatures = "NO"
    capture.DerivationDescription = f"Slice in the lung window with the heatmap of {MANUFACTURER} in colours"
    capture.SourceImageSequence = [_source_item(image)]
    return capture


def _orientation(image: Dataset) -> tuple[str, str]:
    """The patient's directions of rows and columns (PS3.3 C.7.6.1.1.1)."""
    row, column = image.ImageOrientationPatient[:3], image.ImageOrientationPatient[3:]
    return _direction(row), _direction(column)


def _direction(cosines: Sequence[float]) -> str:
    values = [float(one) for one in cosines]
    axis = int(np.abs(values).argmax())
    return ("L", "P", "H")[axis] if values[axis] > 0 else ("R", "A", "F")[axis]


def _source_item(image: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    return item
