"""The objects of a real study, where one lies beside the checkout; its data are not part of this repository."""

from pathlib import Path

import numpy as np
import pytest

from gateway.result_objects.encoding import ObjectKind
from tests.unit.gateway.result_objects.made_result import encoded, errors_of, made_result, opened

STUDY = Path(__file__).parents[5] / "shared" / "data" / "dicom" / "lung_dx_a0002"
KINDS = (ObjectKind.STRUCTURED_REPORT, ObjectKind.SEGMENTATION, ObjectKind.PRESENTATION_STATE)


@pytest.mark.skipif(not STUDY.is_dir(), reason="there is no real study beside the checkout")
def test_a_real_study_gives_valid_objects_and_the_region_is_the_box_in_the_patient() -> None:
    result = made_result(STUDY)
    files = encoded(STUDY, result, *KINDS)
    assert [errors_of(file.content) for file in files] == [[], [], []]
    segmentation = opened(files[1])
    shared = segmentation.SharedFunctionalGroupsSequence[0]
    row, column = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(2, 3)
    row_mm, column_mm = (float(mm) for mm in shared.PixelMeasuresSequence[0].PixelSpacing)
    places = []
    for frame, mask in zip(segmentation.PerFrameFunctionalGroupsSequence, segmentation.pixel_array, strict=True):
        if frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber == 2:
            rows, columns = np.nonzero(mask)
            corner = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
            places.append(corner + np.outer(columns, row * column_mm) + np.outer(rows, column * row_mm))
    centres = np.concatenate(places)
    assert result.box is not None
    assert result.evidence is not None
    half = np.array([column_mm, row_mm, result.evidence.geometry.spacing_mm[0]]) / 2
    np.testing.assert_allclose(centres.min(axis=0) - half, result.box.lps_mm[0], atol=0.01)
    np.testing.assert_allclose(centres.max(axis=0) + half, result.box.lps_mm[1], atol=0.01)
