"""What the listener accepts: Verification, CT images in every transfer syntax that is decoded, and other objects."""

from collections.abc import Sequence
from typing import Final

from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from pynetdicom import ALL_TRANSFER_SYNTAXES
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext, build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined] # made at import

from screening.dicom.sop_classes import CT_IMAGES
from screening.dicom.transfer_syntaxes import DECODERS, NATIVE

# Where one context offers several, the first of these is taken: what every sender can write, then without loss.
PREFERRED: Final = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    RLELossless,
)
LAST: Final = (JPEG2000, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian)


def accepted_contexts(*, others: bool) -> list[PresentationContext]:
    """The contexts of the listener; with `others`, those of all storage SOP classes of the standard."""
    contexts = [build_context(Verification)]
    contexts += [build_context(uid, list(ct_syntaxes())) for uid in sorted(CT_IMAGES)]
    if others:
        every = _in_order([str(uid) for uid in ALL_TRANSFER_SYNTAXES])
        classes = {str(context.abstract_syntax) for context in AllStoragePresentationContexts}
        contexts += [build_context(uid, list(every)) for uid in sorted(classes - set(CT_IMAGES))]
    return contexts


def ct_syntaxes() -> Sequence[str]:
    """The transfer syntaxes in which CT images are accepted."""
    return _in_order([*map(str, NATIVE), *map(str, DECODERS)])


def _in_order(syntaxes: Sequence[str]) -> Sequence[str]:
    first = [uid for uid in PREFERRED if uid in syntaxes]
    last = [uid for uid in LAST if uid in syntaxes]
    return [*first, *sorted(set(syntaxes) - set(first) - set(last)), *last]
