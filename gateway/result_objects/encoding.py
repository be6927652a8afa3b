"""The kinds of result objects, and their encoding in a decode worker: result and upload in, DICOM files out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pydicom.dataset import Dataset

from gateway.errors import NoResultObject
from gateway.result_objects.object_identity import ObjectIdentity, file_bytes
from gateway.result_objects.source_images import SourceImages, read_source
from gateway.result_objects.study_result import StudyResult
from gateway.viewing.series_reading import SeriesSource
from screening.dicom.pydicom_logging import suppress_pydicom_warnings


class ObjectKind(StrEnum):
    """A kind of DICOM object, one series each; the values are stable and part of its UIDs."""

    STRUCTURED_REPORT = "sr"
    SEGMENTATION = "seg"
    PARAMETRIC_MAP = "pm"
    SECONDARY_CAPTURE = "sc"
    KEY_OBJECTS = "ko"
    PRESENTATION_STATE = "pr"
    PDF = "pdf"


@dataclass(frozen=True)
class ObjectFile:
    """One DICOM file."""

    kind: ObjectKind
    number: int
    content: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Its file name, which holds no word of the patient."""
        return f"{self.kind.value}-{self.number:03}.dcm"


DESCRIPTIONS: Final[Mapping[ObjectKind, str]] = MappingProxyType(
    {
        ObjectKind.STRUCTURED_REPORT: "result",
        ObjectKind.SEGMENTATION: "segmentation",
        ObjectKind.PARAMETRIC_MAP: "activation map",
        ObjectKind.SECONDARY_CAPTURE: "heatmap",
        ObjectKind.KEY_OBJECTS: "key slice",
        ObjectKind.PRESENTATION_STATE: "box",
        ObjectKind.PDF: "report",
    }
)
Encoded = Iterator[tuple[ObjectIdentity, Dataset]]


def encode(
    source: SeriesSource, result: StudyResult, kinds: Sequence[ObjectKind], pdf: bytes | None
) -> tuple[ObjectFile, ...]:
    """The files of these kinds; raises NoDicomIdentity, NoResultObject, or the StudyError of an unreadable upload.

    `pdf` is the report of this study alone. Of several kinds those that the result does not have are left out.
    """
    with suppress_pydicom_warnings():
        images = read_source(source, result)
        files: list[ObjectFile] = []
        for kind in kinds:
            try:
                files += _files(kind, images, result, pdf)
            except NoResultObject:
                if len(kinds) == 1:
                    raise
    return tuple(files)


def _files(kind: ObjectKind, images: SourceImages, result: StudyResult, pdf: bytes | None) -> Iterator[ObjectFile]:
    identity = ObjectIdentity(result, kind, DESCRIPTIONS[kind], list(ObjectKind).index(kind))
    for own, dataset in _encoder(kind, pdf)(identity, images):
        yield ObjectFile(kind, own.number, file_bytes(own.finished(dataset, images)))


def _encoder(kind: ObjectKind, pdf: bytes | None) -> Callable[[ObjectIdentity, SourceImages], Encoded]:
    """highdicom takes a second to import, so it is loaded with the first object that a worker writes."""
    from gateway.result_objects import key_objects, parametric_map, presentation_state, structured_report
    from gateway.result_objects import secondary_capture as captures
    from gateway.result_objects import segmentation as segments
    from gateway.result_objects.encapsulated_pdf import encapsulated_pdf

    def document(identity: ObjectIdentity, images: SourceImages) -> Dataset:
        if pdf is None:
            raise NoResultObject("no PDF was made of this report")
        return encapsulated_pdf(identity, images, pdf)

    one: dict[ObjectKind, Callable[[ObjectIdentity, SourceImages], Dataset]] = {
        ObjectKind.STRUCTURED_REPORT: structured_report.structured_report,
        ObjectKind.SEGMENTATION: segments.segmentation,
        ObjectKind.PARAMETRIC_MAP: parametric_map.parametric_map,
        ObjectKind.KEY_OBJECTS: key_objects.key_objects,
        ObjectKind.PRESENTATION_STATE: presentation_state.presentation_state,
        ObjectKind.PDF: document,
    }
    if kind is ObjectKind.SECONDARY_CAPTURE:
        return captures.secondary_captures
    return lambda identity, images: iter([(identity, one[kind](identity, images))])
