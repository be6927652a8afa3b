"""Sources that are odd: a valid object, or an error with a stable code that says why there is none."""

import warnings
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import EnhancedCTImageStorage

from gateway.errors import NoDicomIdentity
from gateway.result_objects.encoding import ObjectKind
from gateway.result_objects.study_result import StudyResult
from screening.errors import MissingPosition, NotDicom
from tests.dicom_factory import ct_series, set_raw_value, to_bytes, zip_of
from tests.unit.gateway.result_objects.made_result import encoded, errors_of, failed_result, made_result, opened

Change = Callable[[list[FileDataset]], Sequence[Dataset]]


def changed(source: list[FileDataset], path: Path, change: Change) -> Path:
    """The upload with every file changed."""
    with warnings.catch_warnings(action="ignore"):  # pydicom's, of what is odd
        odd = change(deepcopy(source))
        return zip_of(path, {f"{number:04}.dcm": to_bytes(one) for number, one in enumerate(odd)}, stored=True)


def without_patient_or_frame(slices: list[FileDataset]) -> list[FileDataset]:
    for one in slices:
        del one.PatientName, one.PatientID, one.StudyID, one.FrameOfReferenceUID
    return slices


def cyrillic(slices: list[FileDataset]) -> list[FileDataset]:
    for one in slices:
        one.SpecificCharacterSet = "ISO_IR 144"
        one.PatientName, one.StudyDescription = "Иванов^Пётр", "Грудная клетка"
    return slices


def invalid_values(slices: list[FileDataset]) -> list[FileDataset]:
    for one in slices:
        set_raw_value(one, "StudyDate", b"yesterday ")
        set_raw_value(one, "StudyTime", b"99:99 ")
        set_raw_value(one, "PatientSex", b"unknown ")
        set_raw_value(one, "PatientBirthDate", b"1950.01.02")
        set_raw_value(one, "AccessionNumber", b"A-NUMBER-OF-TWENTY-ONE")
        set_raw_value(one, "StudyDescription", b"d" * 90)
        set_raw_value(one, "PatientName", b"x" * 100)
    return slices


def tilted(slices: list[FileDataset]) -> list[FileDataset]:
    for index, one in enumerate(slices):
        x, y, z = (float(value) for value in one.ImagePositionPatient)
        one.ImagePositionPatient = [x, y + 0.35 * index * one.SliceThickness, z]
    return slices


def irregular(slices: list[FileDataset]) -> list[FileDataset]:
    return [*slices[:4], *slices[5:]]


def decubitus(slices: list[FileDataset]) -> list[FileDataset]:
    """The patient lies on the left side: rows run towards anterior, columns towards the left."""
    for one in slices:
        x, y, z = (float(value) for value in one.ImagePositionPatient)
        one.PixelData = np.ascontiguousarray(np.rot90(one.pixel_array)).tobytes()
        side = one.Columns * float(one.PixelSpacing[0])
        one.ImageOrientationPatient = [0, 1, 0, -1, 0, 0]
        one.ImagePositionPatient = [x + side - float(one.PixelSpacing[0]), y, z]
    return slices


def enhanced(slices: list[FileDataset]) -> list[Dataset]:
    """The same as one Enhanced CT."""
    first = slices[0]
    multi = deepcopy(first)
    multi.SOPClassUID = multi.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    multi.NumberOfFrames = len(slices)
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = first.ImageOrientationPatient
    measures.PixelSpacing, measures.SliceThickness = first.PixelSpacing, first.SliceThickness
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Items([orientation]), Items([measures])
    multi.SharedFunctionalGroupsSequence = Items([shared])
    multi.PerFrameFunctionalGroupsSequence = Items([_frame(one) for one in slices])
    multi.PixelData = b"".join(one.PixelData for one in slices)
    return [multi]


def _frame(one: FileDataset) -> Dataset:
    groups, position, values = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = one.ImagePositionPatient
    values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 1, -1024, "HU"
    groups.PlanePositionSequence, groups.PixelValueTransformationSequence = Items([position]), Items([values])
    return groups


ODD = (
    without_patient_or_frame,
    cyrillic,
    invalid_values,
    tilted,
    irregular,
    decubitus,
    enhanced,
)
KINDS = (
    ObjectKind.STRUCTURED_REPORT,
    ObjectKind.SEGMENTATION,
    ObjectKind.PRESENTATION_STATE,
    ObjectKind.KEY_OBJECTS,
)


@pytest.fixture(scope="module", params=ODD, ids=lambda change: change.__name__)
def odd(
    request: pytest.FixtureRequest, source: list[FileDataset], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, FileDataset], dict[str, bytes], StudyResult]:
    path = changed(source, tmp_path_factory.mktemp("odd") / "study.zip", request.param)
    result = made_result(path)
    files = encoded(path, result, *KINDS)
    assert len(files) == len(KINDS)
    found = {file.kind.value: opened(file) for file in files}
    return request.param.__name__, found, {file.kind.value: file.content for file in files}, result


def test_an_odd_source_gives_valid_objects(
    odd: tuple[str, dict[str, FileDataset], dict[str, bytes], StudyResult], source: list[FileDataset]
) -> None:
    name, objects, contents, result = odd
    for kind, content in contents.items():
        assert errors_of(content) == [], (name, kind)
        assert objects[kind].StudyInstanceUID == source[0].StudyInstanceUID
    if check := _CHECKS.get(name):
        check(objects, source)
    assert result.box is not None
    region = [frame for frame in objects["seg"].PerFrameFunctionalGroupsSequence if _segment(frame) == 2]
    assert len(region) == result.box.z[1] - result.box.z[0] + 1


def _segment(frame: Dataset) -> int:
    return int(frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber)


def _is_cyrillic(objects: dict[str, FileDataset], _source: list[FileDataset]) -> None:
    for one in objects.values():
        assert one.SpecificCharacterSet == "ISO_IR 192"
        assert str(one.PatientName) == "Иванов^Пётр"


def _is_emptied(objects: dict[str, FileDataset], _source: list[FileDataset]) -> None:
    one = objects["sr"]
    assert not one.StudyDate
    assert not one.PatientSex
    assert not one.AccessionNumber
    assert one.PatientBirthDate == "19500102"


def _is_nameless(objects: dict[str, FileDataset], _source: list[FileDataset]) -> None:
    assert not objects["sr"].PatientName
    assert not objects["sr"].PatientID
    assert objects["seg"].FrameOfReferenceUID.startswith("2.25.")


def _names_frames(objects: dict[str, FileDataset], source: list[FileDataset]) -> None:
    evidence = objects["sr"].CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    (item,) = evidence.ReferencedSOPSequence
    assert (item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID) == (
        EnhancedCTImageStorage,
        source[0].SOPInstanceUID,
    )
    assert "ReferencedFrameNumber" not in item
    for frame in objects["seg"].PerFrameFunctionalGroupsSequence:
        (image,) = frame.DerivationImageSequence[0].SourceImageSequence
        z = float(frame.PlanePositionSequence[0].ImagePositionPatient[2])
        assert float(source[int(image.ReferencedFrameNumber) - 1].ImagePositionPatient[2]) == pytest.approx(z)


_CHECKS: dict[str, Callable[[dict[str, FileDataset], list[FileDataset]], None]] = {
    "cyrillic": _is_cyrillic,
    "invalid_values": _is_emptied,
    "without_patient_or_frame": _is_nameless,
    "enhanced": _names_frames,
}


def _leading_zero(slices: list[FileDataset]) -> list[FileDataset]:
    for number, one in enumerate(slices):
        set_raw_value(one, "SOPInstanceUID", f"1.2.03.{number:03}".encode() + b"\0")
    return slices


def _uuid_as_uid(slices: list[FileDataset]) -> list[FileDataset]:
    for one in slices:
        set_raw_value(one, "StudyInstanceUID", b"6d1f2f0e-58f3-4b7c-9d8a-0e1c3f5a7b11")
    return slices


def _one_uid_for_all(slices: list[FileDataset]) -> list[FileDataset]:
    for one in slices:
        one.SOPInstanceUID = slices[0].SOPInstanceUID
    return slices


def _long_patient_id(slices: list[FileDataset]) -> list[FileDataset]:
    for one in slices:
        set_raw_value(one, "PatientID", b"9" * 70)
    return slices


@pytest.mark.parametrize("change", [_leading_zero, _uuid_as_uid, _one_uid_for_all, _long_patient_id])
def test_a_source_that_no_object_can_name_is_refused_with_the_reason(
    source: list[FileDataset], tmp_path: Path, change: Change
) -> None:
    path = changed(source, tmp_path / "study.zip", change)
    result = replace(made_result(path, suspicious=False), evidence=None)
    with pytest.raises(NoDicomIdentity) as refused:
        encoded(path, result, ObjectKind.STRUCTURED_REPORT)
    assert refused.value.code == "no_dicom_identity"
    assert "9999" not in refused.value.detail


def test_a_study_without_a_series_that_can_be_screened_has_its_report_all_the_same(tmp_path: Path) -> None:
    slices = ct_series(6, ImagePositionPatient=None)
    path = zip_of(tmp_path / "study.zip", {f"{n}.dcm": to_bytes(one) for n, one in enumerate(slices)})
    failed = failed_result(MissingPosition("A slice has no position.", slices[0].StudyInstanceUID))
    (file,) = encoded(path, failed, ObjectKind.STRUCTURED_REPORT)
    report = opened(file)
    assert (report.PatientID, report.StudyInstanceUID) == ("made-1", slices[0].StudyInstanceUID)
    assert errors_of(file.content) == []


def test_two_patients_in_one_study_get_no_object(tmp_path: Path) -> None:
    slices = ct_series(16)
    for one in slices[8:]:
        one.PatientID, one.PatientName = "other", "Other^One"
    path = zip_of(tmp_path / "study.zip", {f"{n}.dcm": to_bytes(one) for n, one in enumerate(slices)})
    failed = failed_result(MissingPosition("A slice has no position.", slices[0].StudyInstanceUID))
    with pytest.raises(NoDicomIdentity, match="mixed_patients"):
        encoded(path, failed, ObjectKind.STRUCTURED_REPORT)


def test_an_upload_without_dicom_answers_with_the_error_of_its_analysis(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no images")
    with pytest.raises(NotDicom):
        encoded(path, failed_result(NotDicom("The upload holds no DICOM slice.")), ObjectKind.STRUCTURED_REPORT)


def test_no_log_record_or_warning_quotes_the_patient(
    source: list[FileDataset], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """highdicom warns of a name of one component, and quotes it; warnings are errors in these tests."""

    def one_word(slices: list[FileDataset]) -> list[FileDataset]:
        for one in slices:
            one.PatientName = "Quagmire"
        return slices

    path = changed(source, tmp_path / "study.zip", one_word)
    (file,) = encoded(path, made_result(path, suspicious=False), ObjectKind.STRUCTURED_REPORT)
    assert str(opened(file).PatientName) == "Quagmire"
    assert "Quagmire" not in caplog.text
