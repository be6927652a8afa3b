"""The picture of the key slice: with a heatmap only where the networks that have one decided."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from gateway.reports.pdf.key_slice_picture import SIDE_PX, key_slice_picture
from screening.results.evidence import Evidence
from tests.unit.screening.studies import eight_slices, fusion_of, outputs_of


@pytest.mark.parametrize(("expert_key", "sides"), [(None, 2), (3, 1)])
def test_the_expert_has_no_heatmap(expert_key: int | None, sides: int) -> None:
    evidence = Evidence.of(eight_slices(), outputs_of(), fusion_of(outputs_of()))
    slice_png = cv2.imencode(".png", np.zeros(evidence.geometry.shape[1:], np.uint8))[1].tobytes()
    picture = key_slice_picture(slice_png, replace(evidence, expert_key=expert_key))
    drawn = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    assert drawn.shape == (SIDE_PX, sides * SIDE_PX, 3)
