"""The box on the slices of a pathology as Grayscale Softcopy Presentation State, in the lung window (PS3.3 A.33.1)."""

from typing import Final

from highdicom.color import CIELabColor
from highdicom.pr import (
    AnnotationUnitsValues,
    GraphicAnnotation,
    GraphicLayer,
    GraphicObject,
    GraphicTypeValues,
    GrayscaleSoftcopyPresentationState,
    SoftcopyVOILUTTransformation,
    TextObject,
)
from pydicom.dataset import Dataset

from gateway.errors import NoResultObject
from gateway.result_objects.object_identity import MANUFACTURER, NO_DEVICE, ObjectIdentity
from gateway.result_objects.outline import outline
from gateway.result_objects.segmentation import REGION_COLOUR
from gateway.result_objects.source_images import SourceImages
from screening.results.localisation import Localisation
from screening.views.display_window import LUNG

LAYER: Final = "TURNSTILE"


def presentation_state(identity: ObjectIdentity, source: SourceImages) -> Dataset:
    """The box as a rectangle on every slice that it spans; raises NoResultObject without a box."""
    box, key_slice = identity.result.box, identity.result.key_slice
    if box is None or key_slice is None:
        raise NoResultObject("this result has no box: only a pathology has")
    source.analysed_volume()
    images = _images_of_one_rescale(box, source.images[key_slice], source)
    layer = GraphicLayer(LAYER, order=1, display_color=CIELabColor.from_rgb(*REGION_COLOUR))
    return GrayscaleSoftcopyPresentationState(
        referenced_images=images,
        content_label="TURNSTILE",
        content_description=f"Suspicious region of {MANUFACTURER}, {NO_DEVICE}",
        content_creator_name=f"{MANUFACTURER}^",
        graphic_layers=[layer],
        graphic_annotations=[_annotation(identity, box, images, layer)],
        voi_lut_transformations=[SoftcopyVOILUTTransformation(LUNG.center_hu, LUNG.width_hu)],
        **identity.arguments,
    )


def _images_of_one_rescale(box: Localisation, key: Dataset, source: SourceImages) -> list[Dataset]:
    """The images of the box that share the key slice's rescale: a presentation state has one (PS3.3 C.11.6)."""
    return [
        one
        for one in source.images[box.z[0] : box.z[1] + 1]
        if (one.RescaleSlope, one.RescaleIntercept) == (key.RescaleSlope, key.RescaleIntercept)
    ]


def _annotation(
    identity: ObjectIdentity, box: Localisation, images: list[Dataset], layer: GraphicLayer
) -> GraphicAnnotation:
    rectangle = GraphicObject(
        GraphicTypeValues.POLYLINE,
        outline(box),
        units=AnnotationUnitsValues.PIXEL,
        tracking_id="Suspicious region",
        tracking_uid=identity.uid("region"),
    )
    text = TextObject(
        f"{MANUFACTURER} {identity.result.probability:.2f}, {NO_DEVICE}",
        units=AnnotationUnitsValues.PIXEL,
        anchor_point=(float(box.x[0]), float(box.y[0])),
        anchor_point_visible=False,
    )
    return GraphicAnnotation(images, layer, graphic_objects=[rectangle], text_objects=[text])
