"""Where a segment of a SEG is in the patient."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset


def region_centres_mm(segmentation: Dataset, segment: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest x, y and z (LPS, mm) of the centres of a segment's voxels, on planes of any orientation."""
    shared = segmentation.SharedFunctionalGroupsSequence[0]
    row, column = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(2, 3)
    row_mm, column_mm = (float(mm) for mm in shared.PixelMeasuresSequence[0].PixelSpacing)
    places = []
    for frame, mask in zip(segmentation.PerFrameFunctionalGroupsSequence, segmentation.pixel_array, strict=True):
        if frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber == segment:
            rows, columns = np.nonzero(mask)
            corner = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
            places.append(corner + np.outer(columns, row * column_mm) + np.outer(rows, column * row_mm))
    centres = np.concatenate(places)
    return centres.min(axis=0), centres.max(axis=0)
