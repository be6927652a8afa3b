"""The PDF report of one study as Encapsulated PDF (PS3.3 A.45.1)."""

from highdicom.base import SOPClass
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from gateway.result_objects import codes
from gateway.result_objects.object_identity import MANUFACTURER, NO_DEVICE, ObjectIdentity, reported_at
from gateway.result_objects.source_images import SourceImages


def encapsulated_pdf(identity: ObjectIdentity, source: SourceImages, pdf: bytes) -> Dataset:
    """The object of `pdf`, which holds the page of this study and of no other one."""
    document = SOPClass(
        sop_class_uid=EncapsulatedPDFStorage, modality="DOC", **source.study_arguments, **identity.arguments
    )
    document.ConversionType = "SYN"  # PS3.3 C.8.6.1: synthetic image
    document.AcquisitionDateTime = f"{reported_at(identity.result.origin, source.identity):%Y%m%d%H%M%S}"
    document.BurnedInAnnotation = "YES"
    document.DocumentTitle = f"{MANUFACTURER} report, {NO_DEVICE}"
    document.ConceptNameCodeSequence = [CodedConcept.from_code(codes.CT_CHEST_REPORT)]
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocumentLength = len(pdf)
    document.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return document
