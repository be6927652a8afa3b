"""The objects of a pathology: valid, of the source's patient and study, and the same bytes each time."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID

from gateway.result_objects.encoding import ObjectFile, ObjectKind
from gateway.result_objects.object_identity import is_result
from gateway.result_objects.study_result import StudyResult
from tests.unit.gateway.result_objects.made_result import encoded, errors_of, opened

KINDS = tuple(kind.value for kind in ObjectKind)


@pytest.mark.parametrize("kind", KINDS)
def test_dciodvfy_finds_no_error(kind: str, files: tuple[ObjectFile, ...]) -> None:
    content = next(file.content for file in files if file.kind.value == kind)
    assert errors_of(content) == []


@pytest.mark.parametrize("kind", KINDS)
def test_patient_study_and_frame_of_reference_are_those_of_the_source(
    kind: str, objects: Mapping[str, FileDataset], source: list[FileDataset]
) -> None:
    one = objects[kind]
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "StudyID"):
        assert one[keyword].value == source[0][keyword].value
    assert one.SeriesInstanceUID != source[0].SeriesInstanceUID
    assert one.get("FrameOfReferenceUID", source[0].FrameOfReferenceUID) == source[0].FrameOfReferenceUID
    assert "not a medical device" in one.SeriesDescription


def test_every_object_is_known_as_a_result_and_no_source_is(
    files: tuple[ObjectFile, ...], source: list[FileDataset]
) -> None:
    assert all(is_result(opened(file)) for file in files)
    image = Dataset(source[0])
    image.Manufacturer = image.ManufacturerModelName = "Turnstile"
    assert not is_result(image), "a CT image is never left out"


def test_every_object_has_a_series_and_an_instance_of_its_own(files: tuple[ObjectFile, ...]) -> None:
    uids = [opened(file).SOPInstanceUID for file in files]
    assert len(set(uids)) == len(uids) > len(KINDS)
    assert all(UID(uid).is_valid and uid.startswith("2.25.") for uid in uids)


def test_written_again_the_objects_are_the_same_bytes(
    phantom: Path, result: StudyResult, files: tuple[ObjectFile, ...]
) -> None:
    again = encoded(phantom, result)
    assert [file.name for file in again] == [file.name for file in files]
    assert [file.content for file in again] == [file.content for file in files]


def test_another_analysis_gives_other_objects(
    phantom: Path, result: StudyResult, files: tuple[ObjectFile, ...]
) -> None:
    other = replace(result, origin=replace(result.origin, analysis_id="another"))
    (report,) = encoded(phantom, other, ObjectKind.STRUCTURED_REPORT)
    assert opened(report).SOPInstanceUID not in {opened(file).SOPInstanceUID for file in files}


@pytest.mark.parametrize("kind", KINDS)
def test_no_random_uid_and_no_time_of_the_clock_is_left(kind: str, objects: Mapping[str, FileDataset]) -> None:
    one = objects[kind]
    for element in one.iterall():
        if element.VR == "UI":
            assert "1.2.826.0.1.3680043.10.511.3" not in str(element.value)
        if element.VR in {"DA", "TM", "DT"} and element.value:
            assert str(element.value).startswith(("20261123", "154042"))


def test_every_reference_is_to_an_image_of_the_source_or_to_the_object_itself(
    objects: Mapping[str, FileDataset], source: list[FileDataset]
) -> None:
    known = {one.SOPInstanceUID: one.SOPClassUID for one in source}
    for one in objects.values():
        for item in _items(one):
            if "ReferencedSOPInstanceUID" in item:
                assert known[item.ReferencedSOPInstanceUID] == item.ReferencedSOPClassUID


def test_the_activation_map_holds_what_the_evidence_holds(
    objects: Mapping[str, FileDataset], result: StudyResult
) -> None:
    one, evidence = objects["pm"], result.evidence
    assert evidence is not None
    assert one.NumberOfFrames == len(evidence.slice_indices)
    slope = one.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0].RealWorldValueSlope
    assert one.pixel_array.max() * slope == pytest.approx(evidence.activation.max(), abs=1e-4)


def test_a_capture_says_that_it_is_derived_and_has_burned_in_text(
    objects: Mapping[str, FileDataset], source: list[FileDataset], result: StudyResult
) -> None:
    one = objects["sc"]
    assert one.ImageType[0] == "DERIVED"
    assert one.BurnedInAnnotation == "YES"
    assert one.PatientOrientation == ["L", "P"]
    assert one.pixel_array.shape == (source[0].Rows, source[0].Columns, 3)
    assert result.evidence is not None
    first = source[result.evidence.slice_indices[0]]
    assert one.SourceImageSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID


def test_the_key_object_is_the_key_slice(
    objects: Mapping[str, FileDataset], source: list[FileDataset], result: StudyResult
) -> None:
    assert result.key_slice is not None
    references = [item for item in _items(objects["ko"]) if "ReferencedSOPInstanceUID" in item]
    assert {item.ReferencedSOPInstanceUID for item in references} == {source[result.key_slice].SOPInstanceUID}


def test_the_presentation_state_draws_the_box_at_the_outer_edges_of_its_pixels(
    objects: Mapping[str, FileDataset], source: list[FileDataset], result: StudyResult
) -> None:
    (annotation,) = objects["pr"].GraphicAnnotationSequence
    (graphic,) = annotation.GraphicObjectSequence
    points = np.array(graphic.GraphicData).reshape(-1, 2)
    assert result.box is not None
    assert points.min(axis=0).tolist() == [result.box.x[0], result.box.y[0]]
    assert points.max(axis=0).tolist() == [result.box.x[1] + 1, result.box.y[1] + 1]
    wanted = [one.SOPInstanceUID for one in source[result.box.z[0] : result.box.z[1] + 1]]
    assert [item.ReferencedSOPInstanceUID for item in annotation.ReferencedImageSequence] == wanted


def test_the_pdf_is_inside_as_it_was(objects: Mapping[str, FileDataset]) -> None:
    one = objects["pdf"]
    assert one.EncapsulatedDocument[: one.EncapsulatedDocumentLength] == b"%PDF-1.4 made for a test"


def _items(dataset: Dataset) -> list[Dataset]:
    found = [dataset]
    for element in dataset:
        if element.VR == "SQ":
            found += [inner for item in element.value for inner in _items(item)]
    return found
