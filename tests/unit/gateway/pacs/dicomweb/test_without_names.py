"""Headers without names: what is kept is listed, and everything else goes, at every depth."""

import json

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.pacs.dicomweb.dicom_json import tag_of
from gateway.pacs.dicomweb.without_names import kept, without_names

NAME = "QUAGMIRE"


def header() -> Dataset:
    one = Dataset()
    one.PatientName, one.PatientID, one.PatientBirthDate = f"{NAME}^Z", NAME, "19500101"
    one.StudyDescription = one.SeriesDescription = one.InstitutionName = NAME
    one.BodyPartExamined = one.StationName = NAME
    one.Modality, one.ImageType = "CT", ["ORIGINAL", NAME, "AXIAL"]
    one.StudyInstanceUID, one.SOPInstanceUID = "1.2.3", "1.2.4"
    one.ImagePositionPatient, one.PatientWeight = ["1.5", "-2", "3e1"], "70"
    one.add_new(0x00091001, "LO", NAME)
    one.add_new(0x00091002, "DS", "1")
    measures = Dataset()
    measures.PixelSpacing, measures.FrameComments = ["0.7", "0.7"], NAME
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([measures])
    one.SharedFunctionalGroupsSequence = Sequence([shared])
    one.OtherPatientIDsSequence = Sequence([header_of_other()])
    return one


def header_of_other() -> Dataset:
    other = Dataset()
    other.PatientID = NAME
    return other


def test_nothing_of_the_patient_is_left() -> None:
    shown = without_names(header().to_json_dict(), "P-123")
    assert NAME not in json.dumps(shown)
    assert "1950" not in json.dumps(shown)
    assert shown[tag_of("PatientName")]["Value"] == [{"Alphabetic": "P-123"}]
    assert shown[tag_of("PatientID")]["Value"] == ["P-123"]
    assert shown[tag_of("PatientBirthDate")] == {"vr": "DA"}
    assert shown[tag_of("PatientIdentityRemoved")]["Value"] == ["YES"]
    assert tag_of("PatientWeight") not in shown
    assert "00091002" not in shown


def test_the_geometry_is_left_at_every_depth() -> None:
    shown = kept(header().to_json_dict())
    assert shown[tag_of("ImagePositionPatient")]["Value"] == [1.5, -2.0, 30.0]
    assert shown[tag_of("ImageType")]["Value"] == ["ORIGINAL", "OTHER", "AXIAL"]
    (shared,) = shown[tag_of("SharedFunctionalGroupsSequence")]["Value"]
    (measures,) = shared[tag_of("PixelMeasuresSequence")]["Value"]
    assert measures == {tag_of("PixelSpacing"): {"vr": "DS", "Value": [0.7, 0.7]}}


def test_a_value_that_is_not_what_its_element_says_goes() -> None:
    odd = {
        tag_of("SliceThickness"): {"vr": "DS", "Value": [NAME]},
        tag_of("StudyInstanceUID"): {"vr": "UI", "Value": [NAME]},
        tag_of("Modality"): {"vr": "CS", "Value": [NAME]},
        tag_of("PixelSpacing"): {"vr": "SQ", "Value": [{"00100010": {"vr": "LO", "Value": [NAME]}}]},
        tag_of("Rows"): {"vr": "US", "InlineBinary": NAME},
    }
    assert kept(odd) == {}
