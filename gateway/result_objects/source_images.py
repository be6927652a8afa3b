"""The source of a result: the DICOM images of the analysed series in slice order. Read in a decode worker.

Objects can stand beside images only that an archive can find: with valid Study, Series and SOP Instance UIDs of their
own. NIfTI, and files whose UIDs are missing or no UIDs, have no such identity; their results are read as JSON, FHIR
or PDF.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage
from pydicom.valuerep import format_number_as_ds

from gateway.errors import NoDicomIdentity, NoResultObject
from gateway.result_objects.references import Reference
from gateway.result_objects.source_identity import identity_of, is_writable_uid
from gateway.result_objects.study_result import StudyResult
from gateway.viewing.series_reading import SeriesSource
from screening.dicom.element_values import Elements
from screening.dicom.geometry import Geometry
from screening.dicom.part10 import read_file_header
from screening.dicom.slice_header import NIFTI_SYNTAX, SliceHeader
from screening.errors import StudyError
from screening.intake.budgets import Budgets
from screening.preparation import survey
from screening.series.studies import Study, screenable
from screening.series.volume import Volume


@dataclass(frozen=True)
class SourceImages:
    """Identity of patient and study, the slices from the lowest, and the analysed volume; None when there is none.

    Without a volume `slices` holds one image of the study, of any kind, to which the result belongs.
    """

    identity: Dataset = field(repr=False)
    slices: tuple[SliceHeader, ...] = field(repr=False)
    references: tuple[Reference, ...] = field(repr=False)
    volume: Volume | None = field(repr=False)

    @cached_property
    def images(self) -> tuple[Dataset, ...]:
        """Header of each slice as a single-frame CT image, as highdicom takes it; its UIDs are stand-ins."""
        pairs = zip(self.slices, self.references, strict=True)
        return tuple(self._image(one, reference) for one, reference in pairs)

    @property
    def study_arguments(self) -> dict[str, Any]:
        """Patient and study for the classes of highdicom that take no source image to copy them from."""
        study = self.identity
        return {
            "study_instance_uid": study.StudyInstanceUID,
            "patient_id": study.PatientID,
            "patient_name": study.PatientName,
            "patient_birth_date": study.PatientBirthDate,
            "patient_sex": study.PatientSex or None,
            "accession_number": study.AccessionNumber,
            "study_id": study.StudyID,
            "study_date": study.StudyDate or None,
            "study_time": study.StudyTime or None,
            "referring_physician_name": study.ReferringPhysicianName,
        }

    @property
    def resolved(self) -> Mapping[str, Reference]:
        """The stand-in UIDs and what they stand for."""
        return {reference.stand_in: reference for reference in self.references}

    def analysed_volume(self) -> Volume:
        """The volume that the networks saw; raises NoResultObject when they saw none."""
        if self.volume is None:
            raise NoResultObject("no series of this study was analysed, so there is nothing to show on its images")
        return self.volume

    def _image(self, header: SliceHeader, reference: Reference) -> Dataset:
        image = Dataset()
        image.update(self.identity)
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, reference.stand_in
        image.SeriesInstanceUID, image.Modality = header.series_uid, "CT"
        if self.volume is not None:
            _, row_mm, column_mm = self.volume.geometry.spacing_mm
            _, image.Rows, image.Columns = self.volume.geometry.shape
            image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
            image.PixelSpacing = _numbers((row_mm, column_mm))
            image.ImagePositionPatient = _numbers(header.position or ())
            along_row, along_column = self.volume.slices[0].orientation or ((), ())
            image.ImageOrientationPatient = _numbers((*along_row, *along_column))
            image.SliceThickness = _numbers([header.thickness_mm])[0] if header.thickness_mm else ""
            image.RescaleSlope, image.RescaleIntercept = _numbers((header.rescale.slope, header.rescale.intercept))
        return image


def read_source(source: SeriesSource, result: StudyResult) -> SourceImages:
    """The images of the result's study in the upload.

    Raises NoDicomIdentity, the StudyError of an upload that cannot be read, and NoResultObject when the upload no
    longer holds the series that was analysed.
    """
    study = _study(source, result.study_uid)
    volume = _volume(study, result)
    slices = volume.slices if volume else study.series[0].slices[:1]
    headers: dict[int, Dataset] = {}  # the frames of a multi-frame object share one
    for one in slices:
        if id(one.member) not in headers:
            headers[id(one.member)] = _header(one, source.budgets)
    references = tuple(_reference(one, headers[id(one.member)]) for one in slices)
    return SourceImages(identity_of(headers[id(slices[0].member)], slices[0].series_uid), slices, references, volume)


def _study(source: SeriesSource, study_uid: str | None) -> Study:
    studies = survey(source.path, source.scratch, source.budgets).studies
    found = [one for one in studies if one.study_uid == study_uid] or (list(studies) if len(studies) == 1 else [])
    if len(found) != 1:
        raise NoDicomIdentity("the report names no study of the upload, so its result has no study to stand in")
    if isinstance(found[0], StudyError):
        raise NoDicomIdentity(
            f"the study belongs to no one patient ({found[0].code}), so no object can name its patient"
        )
    return found[0]


def _volume(study: Study, result: StudyResult) -> Volume | None:
    """The analysed volume; None when no series was chosen."""
    if result.series_uid is None:
        return None
    try:
        volumes = screenable(study).volumes
    except StudyError:
        volumes = ()
    wanted = [one for one in volumes if one.series_uid == result.series_uid]
    if result.evidence is not None:
        wanted = [one for one in wanted if _same(one.geometry, result.evidence.geometry)]
    if not wanted and result.reason is None:
        raise NoResultObject("the upload does not hold the analysed series as it was; analyse the scan again")
    return wanted[0] if wanted else None


def _same(one: Geometry, other: Geometry) -> bool:
    return one.shape == other.shape and bool(np.allclose(one.affine_lps, other.affine_lps, atol=1e-4))


def _header(one: SliceHeader, budgets: Budgets) -> Dataset:
    if one.pixels is not None and one.pixels.transfer_syntax == NIFTI_SYNTAX:
        raise NoDicomIdentity("NIfTI names no patient and no study, so its result has none in DICOM")
    return read_file_header(one.member, budgets).dataset


def _reference(one: SliceHeader, header: Dataset) -> Reference:
    """The image as its own file names it; a UID that was derived while reading is one that no archive knows."""
    elements = Elements(header)
    told = [elements.text(name) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    sop_class = elements.text("SOPClassUID")
    if told != [one.study_uid, one.series_uid, one.sop_uid] or not all(map(is_writable_uid, [*told, sop_class])):
        raise NoDicomIdentity(
            "the images have UIDs that are missing, repeated or not valid in DICOM, so no object can refer to them"
        )
    multi_frame = "NumberOfFrames" in header and "PerFrameFunctionalGroupsSequence" in header
    return Reference(sop_class, one.sop_uid, one.frame + 1 if multi_frame or one.frame else None)


def _numbers(values: Sequence[float]) -> list[str]:
    """Decimal strings of at most 16 characters (PS3.5 6.2)."""
    return [format_number_as_ds(float(value)) for value in values]
