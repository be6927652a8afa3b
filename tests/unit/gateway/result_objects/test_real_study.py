"""The objects of a real study, where one lies beside the checkout; its data are not part of this repository."""

from pathlib import Path

import numpy as np
import pytest

from gateway.result_objects.encoding import ObjectKind
from tests.segmentation_region import region_centres_mm
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
    assert result.box is not None
    assert result.evidence is not None
    row_mm, column_mm = (float(mm) for mm in shared.PixelMeasuresSequence[0].PixelSpacing)
    lowest, highest = region_centres_mm(segmentation, segment=2)
    half = np.array([column_mm, row_mm, result.evidence.geometry.spacing_mm[0]]) / 2
    np.testing.assert_allclose(lowest - half, result.box.lps_mm[0], atol=0.01)
    np.testing.assert_allclose(highest + half, result.box.lps_mm[1], atol=0.01)
