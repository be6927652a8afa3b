"""The key slice of a pathology as Key Object Selection (PS3.3 A.35.4, PS3.16 TID 2010)."""

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from highdicom.sr import DeviceObserverIdentifyingAttributes, ObserverContext
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from gateway.errors import NoResultObject
from gateway.result_objects import codes as own_codes
from gateway.result_objects.object_identity import MANUFACTURER, NO_DEVICE, ObjectIdentity
from gateway.result_objects.source_images import SourceImages
from screening.results.verdict import Verdict


def key_objects(identity: ObjectIdentity, source: SourceImages) -> Dataset:
    """Raises NoResultObject for any verdict but pathology: a slice of a normal study is of no interest."""
    result = identity.result
    if result.verdict is not Verdict.PATHOLOGY or result.key_slice is None:
        raise NoResultObject("only a pathology has a key slice to select")
    source.analysed_volume()
    image = source.images[result.key_slice]
    observer = ObserverContext(
        codes.DCM.Device,
        DeviceObserverIdentifyingAttributes(
            uid=identity.uid("device"), name=MANUFACTURER, manufacturer_name=MANUFACTURER, model_name=MANUFACTURER
        ),
    )
    selection = KeyObjectSelection(
        document_title=own_codes.OF_INTEREST,
        referenced_objects=[image],
        observer_device_context=observer,
        description=f"Slice with the highest score of {MANUFACTURER}, {NO_DEVICE}",
    )
    return KeyObjectSelectionDocument(evidence=[image], content=selection, **identity.arguments)
