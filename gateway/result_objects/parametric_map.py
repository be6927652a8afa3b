"""The classifier's activation as a parametric map: for each pixel the probability of pathology of its cell (A.75)."""

from typing import Final

import numpy as np
from highdicom.content import VOILUTTransformation
from highdicom.pm import ParametricMap, RealWorldValueMapping
from pydicom.dataset import Dataset

from gateway.result_objects import codes
from gateway.result_objects.heatmap import activation_slices, evidence_of
from gateway.result_objects.object_identity import MANUFACTURER, ObjectIdentity
from gateway.result_objects.source_images import SourceImages

HIGHEST: Final = 65535  # the stored value of probability 1


def parametric_map(identity: ObjectIdentity, source: SourceImages) -> Dataset:
    """One frame for each slice that the networks saw; raises NoResultObject without a heatmap."""
    source.analysed_volume()
    slices = dict(activation_slices(evidence_of(identity.result)))
    stored = np.stack([np.rint(map_ * HIGHEST).astype(np.uint16) for map_ in slices.values()])
    return ParametricMap(
        source_images=[source.images[index] for index in slices],
        pixel_array=stored,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[
            RealWorldValueMapping(
                lut_label="PROBABILITY",
                lut_explanation="Probability of pathology of a cell",
                unit=codes.NO_UNITS,
                value_range=(0, HIGHEST),
                slope=1 / HIGHEST,
                intercept=0.0,
                quantity_definition=codes.CLASS_ACTIVATION,
            )
        ],
        voi_lut_transformations=[VOILUTTransformation(window_center=HIGHEST / 2, window_width=float(HIGHEST))],
        content_label="TURNSTILE",
        content_description=f"{MANUFACTURER}: {identity.description}",
        content_creator_name=f"{MANUFACTURER}^",
        **identity.arguments,
    )
