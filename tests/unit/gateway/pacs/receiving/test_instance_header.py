"""What is read of an instance when it comes: identifiers as they are, texts cleaned, the age in years."""

from pathlib import Path
from typing import Any

import pytest

from gateway.pacs.receiving.instance_header import (
    InstanceHeader,
    PatientIdentity,
    digest_of_dataset,
    read_instance_header,
)
from gateway.pacs.receiving.refusals import Refusal, Refused
from screening.errors import BrokenDicom, NotDicom
from screening.intake.budgets import Budgets
from tests.dicom_factory import ct_slice, to_bytes


def header(tmp_path: Path, **elements: Any) -> InstanceHeader:
    path = tmp_path / "instance"
    path.write_bytes(to_bytes(ct_slice(0, **elements)))
    return read_instance_header(path, Budgets())


def test_names_are_split_and_cleaned(tmp_path: Path) -> None:
    texts = {"PatientName": "Muster^Anna^Maria^Dr.", "StudyDescription": "CT\u202eThorax"}
    read = header(tmp_path, SpecificCharacterSet="ISO_IR 192", **texts)
    assert (read.last_name, read.first_name, read.study_description) == ("Muster", "Anna Maria", "CTThorax")
    assert "Muster" not in repr(read)


def test_an_identifier_is_not_cleaned(tmp_path: Path) -> None:
    read = header(tmp_path, PatientID=" 00\u200b1 ", IssuerOfPatientID="Hospital", SpecificCharacterSet="ISO_IR 192")
    assert read.patient == PatientIdentity("00\u200b1", "Hospital")
    assert read.patient.is_other(PatientIdentity("001", "Hospital"))


@pytest.mark.parametrize("number", [b"M\xfcLLER", b"A\\B", b"\\", b"12\n34", b"1\0234"])
def test_what_would_be_one_identifier_of_several_patients_is_none(tmp_path: Path, number: bytes) -> None:
    path = tmp_path / "instance"
    content = to_bytes(ct_slice(0, PatientID="#" * 10, SpecificCharacterSet="ISO_IR 192"))
    assert content.count(b"#" * 10) == 1
    path.write_bytes(content.replace(b"#" * 10, number.ljust(10)))
    with pytest.raises(BrokenDicom):
        read_instance_header(path, Budgets())


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (("1", ""), ("1", ""), False),
        (("1", ""), ("2", ""), True),
        (("1", "A"), ("1", "B"), True),
        (("1", "A"), ("1", ""), False),
        (("", ""), ("2", "A"), False),
    ],
)
def test_two_patients(one: tuple[str, str], other: tuple[str, str], differ: bool) -> None:
    assert PatientIdentity(*one).is_other(PatientIdentity(*other)) is differ
    assert PatientIdentity(*other).is_other(PatientIdentity(*one)) is differ


@pytest.mark.parametrize(
    ("elements", "years"),
    [
        ({"PatientAge": "045Y"}, 45.0),
        ({"PatientAge": "006M"}, 0.5),
        ({"PatientAge": "", "PatientBirthDate": "19800101", "StudyDate": "20250101"}, 45.0),
        ({"PatientBirthDate": "20260101", "StudyDate": "20250101"}, None),
        ({"PatientBirthDate": "", "StudyDate": "20250101"}, None),
    ],
)
def test_age(tmp_path: Path, elements: dict[str, str], years: float | None) -> None:
    found = header(tmp_path, **elements).age_years
    assert found == (None if years is None else pytest.approx(years, abs=0.01))


@pytest.mark.parametrize("name", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_without_a_uid_it_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused) as refused:
        header(tmp_path, **{name: None})
    assert refused.value.refusal is Refusal.NO_UID


@pytest.mark.parametrize(
    ("content", "error"), [(b"", NotDicom), (b"x" * 500, NotDicom), (bytes(128) + b"DICM", BrokenDicom)]
)
def test_what_is_no_dicom(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    path = tmp_path / "instance"
    path.write_bytes(content)
    with pytest.raises(error):
        read_instance_header(path, Budgets())


def digest(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return digest_of_dataset(path, read_instance_header(path, Budgets()))


def test_the_digest_is_that_of_the_data_set(tmp_path: Path) -> None:
    path, dataset = tmp_path / "instance", ct_slice(0)
    content = to_bytes(dataset)
    dataset.file_meta.ImplementationVersionName = "ANOTHER"
    other = to_bytes(dataset)
    assert content != other
    assert digest(path, content) == digest(path, other)


@pytest.mark.parametrize("length", [0, 200, 2**31, 2**32 - 1])
def test_a_wrong_length_of_the_file_meta_information_hides_no_content(tmp_path: Path, length: int) -> None:
    path, digests = tmp_path / "instance", set()
    for description in ("one", "another"):
        content = to_bytes(ct_slice(0, StudyDescription=description))
        digests.add(digest(path, content[:140] + length.to_bytes(4, "little") + content[144:]))
    assert len(digests) == 2
