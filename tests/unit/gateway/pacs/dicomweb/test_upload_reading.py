"""The catalogue of an upload: what is listed, where its bytes are, its headers as JSON; and frames of every syntax."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from gateway.errors import NotFound
from gateway.pacs.dicomweb.catalogue import Series, instances_key, unpack
from gateway.pacs.dicomweb.catalogue_writing import WrittenCatalogues, write_catalogues
from gateway.pacs.dicomweb.frames import Picture, element_bytes, frames_of, picture_of, write_as
from screening.errors import EmptyUpload
from screening.intake.budgets import Budgets
from screening.intake.upload_members import Member
from screening.phantom.phantom_study import write_phantom

SLICES = 4


@pytest.fixture
def slices(tmp_path: Path) -> list[Path]:
    write_phantom(tmp_path / "chest", slices=SLICES, size=48)
    return sorted(one for one in (tmp_path / "chest").rglob("*") if one.is_file())


def catalogue_of(upload: Path, tmp_path: Path) -> tuple[WrittenCatalogues, tuple[Series, ...]]:
    target = tmp_path / "catalogue"
    target.mkdir()
    (tmp_path / "scratch").mkdir()
    written = write_catalogues(upload, tmp_path / "scratch", Budgets(), target)
    studies = [unpack((target / instances_key("", study.uid)[1:]).read_bytes()) for study in written.studies]
    return written, tuple(series for study in studies for series in study)


def bytes_of(series: Series, number: int, upload: Path, tmp_path: Path) -> bytes:
    place = series.instances[number].place
    return place.member(tmp_path / "catalogue" / "copies" if place.copied else upload, 0).read()


def zipped(files: list[Path], target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.name)
    return target


def tarred(files: list[Path], target: Path, mode: str) -> Path:
    with tarfile.open(target, mode) as archive:  # type: ignore[call-overload]
        for file in files:
            archive.add(file, file.name)
    return target


PACKED: dict[str, tuple[Callable[[list[Path], Path], Path], bool]] = {
    "zip": (lambda files, folder: zipped(files, folder / "x.zip"), False),
    "tar": (lambda files, folder: tarred(files, folder / "x.tar", "w"), False),
    "tar.gz": (lambda files, folder: tarred(files, folder / "x.tgz", "w:gz"), True),
    "zip in a zip": (lambda files, folder: zipped([zipped(files, folder / "in.zip")], folder / "x.zip"), True),
}


@pytest.mark.parametrize("kind", PACKED)
def test_each_file_is_found_where_it_lies(kind: str, slices: list[Path], tmp_path: Path) -> None:
    pack, copied = PACKED[kind]
    upload = pack(slices, tmp_path)
    _, (series,) = catalogue_of(upload, tmp_path)
    assert {one.place.copied for one in series.instances} == {copied}
    read = [bytes_of(series, number, upload, tmp_path) for number in range(SLICES)]
    assert sorted(read) == sorted(file.read_bytes() for file in slices)
    assert [pydicom.dcmread(io.BytesIO(one)).InstanceNumber for one in read] == list(range(1, SLICES + 1))


def test_one_file_alone(slices: list[Path], tmp_path: Path) -> None:
    written, (series,) = catalogue_of(slices[0], tmp_path)
    assert bytes_of(series, 0, slices[0], tmp_path) == slices[0].read_bytes()
    assert len(written.studies) == 1


def test_headers_as_json_keep_long_numbers_and_leave_out_what_is_none(slices: list[Path], tmp_path: Path) -> None:
    one = pydicom.dcmread(slices[0])
    one.add_new(0x00091001, "OB", bytes(5000))
    one.StudyDescription = "Übersicht"
    one.SpecificCharacterSet = "ISO_IR 100"
    one.save_as(slices[0])
    damaged = slices[0].read_bytes().replace(b"\x18\x00\x60\x00DS", b"\x18\x00\x60\x00FD")  # KVP: text as a double
    slices[0].write_bytes(damaged)
    _, (series,) = catalogue_of(slices[0], tmp_path)
    lines = gzip.decompress((tmp_path / "catalogue" / str(one.StudyInstanceUID) / f"{series.uid}.gz").read_bytes())
    header = json.loads(lines)
    assert header["00200032"]["Value"] == [float(value) for value in one.ImagePositionPatient]
    assert header["00081030"]["Value"] == ["Übersicht"]
    assert header["00091001"] == {"vr": "OB", "BulkDataURI": ""}
    assert header["7FE00010"] == {"vr": "OW", "BulkDataURI": ""}
    place = series.instances[0].place.member(slices[0], 0)
    assert element_bytes(place, Budgets(), "00091001") == bytes(5000)
    with pytest.raises(NotFound):
        element_bytes(place, Budgets(), "00091009")


def changed(file: Path, change: Callable[[Dataset], None]) -> None:
    one = pydicom.dcmread(file)
    change(one)
    one.save_as(file)


def test_what_no_archive_could_list_is_left_out(slices: list[Path], tmp_path: Path) -> None:
    first = pydicom.dcmread(slices[0])

    def give_uid(one: Dataset) -> None:
        one.SOPInstanceUID = first.SOPInstanceUID  # of another object

    changed(slices[1], give_uid)
    uid = str(first.SeriesInstanceUID).encode()
    slices[2].write_bytes(slices[2].read_bytes().replace(uid, b"no UID".ljust(len(uid))))
    (tmp_path / "notes.txt").write_text("no DICOM")
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(slices[3].read_bytes())
    _, (series,) = catalogue_of(zipped([*slices, tmp_path / "notes.txt", copy], tmp_path / "x.zip"), tmp_path)
    assert [one.uid for one in series.instances] == [str(pydicom.dcmread(slices[3]).SOPInstanceUID)]


def test_a_study_of_two_patients_is_not_listed(slices: list[Path], tmp_path: Path) -> None:
    changed(slices[0], lambda one: setattr(one, "PatientID", "ANOTHER"))
    written, _ = catalogue_of(zipped(slices, tmp_path / "x.zip"), tmp_path)
    assert written.studies == ()


def test_an_empty_upload_raises_its_error(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(EmptyUpload):
        catalogue_of(tmp_path / "x.zip", tmp_path)


def test_a_series_is_ct_unless_a_text_is_burned_in(slices: list[Path], tmp_path: Path) -> None:
    changed(slices[0], lambda one: setattr(one, "BurnedInAnnotation", "YES"))
    _, (series,) = catalogue_of(zipped(slices, tmp_path / "x.zip"), tmp_path)
    assert not series.is_ct


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_compressed_frames_as_they_are_and_plain(syntax: str, slices: list[Path], tmp_path: Path) -> None:
    one = pydicom.dcmread(slices[0])
    plain = one.PixelData
    one.compress(syntax)
    one.save_as(slices[0])
    member = Member("x", slices[0], slices[0].stat().st_size)
    (stored,) = frames_of(member, Budgets(), [1], plain=False)
    assert stored in slices[0].read_bytes()
    assert frames_of(member, Budgets(), [1], plain=True) == [plain]
    write_as(member, Budgets(), ExplicitVRLittleEndian, tmp_path / "plain.dcm")
    written = pydicom.dcmread(tmp_path / "plain.dcm")
    assert (written.file_meta.TransferSyntaxUID, written.PixelData) == (ExplicitVRLittleEndian, plain)
    assert picture_of(member, Budgets(), 1, Picture(png=True)).startswith(b"\x89PNG")


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_native_syntaxes_become_explicit_little_endian(syntax: str, slices: list[Path], tmp_path: Path) -> None:
    one = pydicom.dcmread(slices[0])
    pixels = one.pixel_array
    plain = one.PixelData
    if syntax == ExplicitVRBigEndian:
        one.PixelData = pixels.astype(">u2").tobytes()
    one.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    big, implicit = syntax == ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    pydicom.dcmwrite(slices[0], one, implicit_vr=implicit, little_endian=not big, force_encoding=True)
    member = Member("x", slices[0], slices[0].stat().st_size)
    assert frames_of(member, Budgets(), [1], plain=True) == [plain]
    write_as(member, Budgets(), ExplicitVRLittleEndian, tmp_path / "plain.dcm")
    written = pydicom.dcmread(tmp_path / "plain.dcm")
    assert written.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.array_equal(written.pixel_array, pixels)
    assert written.PatientID == one.PatientID


def test_a_file_without_preamble_is_sent_with_one(slices: list[Path], tmp_path: Path) -> None:
    one = pydicom.dcmread(slices[0])
    bare = io.BytesIO()
    pydicom.filewriter.write_dataset(_writer(bare), one, "iso8859")
    slices[0].write_bytes(bare.getvalue())
    _, (series,) = catalogue_of(slices[0], tmp_path)
    instance = series.instances[0]
    assert not instance.is_part10
    write_as(instance.place.member(slices[0], 0), Budgets(), instance.transfer_syntax, tmp_path / "whole.dcm")
    assert pydicom.dcmread(tmp_path / "whole.dcm").PixelData == one.PixelData


def _writer(buffer: io.BytesIO) -> pydicom.filebase.DicomIO:
    file = pydicom.filebase.DicomIO(buffer)
    file.is_implicit_VR, file.is_little_endian = False, True
    return file


def test_frames_of_one_bit_begin_at_a_byte(tmp_path: Path) -> None:
    bits = np.random.default_rng(3).integers(0, 2, (3, 5, 7), np.uint8)
    one = Dataset()
    one.file_meta = pydicom.dataset.FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.SOPClassUID, one.SOPInstanceUID = pydicom.uid.SegmentationStorage, "2.25.1"
    one.Rows, one.Columns, one.NumberOfFrames = 5, 7, 3
    one.BitsAllocated = one.BitsStored = one.SamplesPerPixel = 1
    one.HighBit = one.PixelRepresentation = 0
    one.PhotometricInterpretation = "MONOCHROME2"
    one.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes()
    path = tmp_path / "seg.dcm"
    one.save_as(path, enforce_file_format=True)
    member = Member("x", path, path.stat().st_size)
    for number, frame in enumerate(frames_of(member, Budgets(), [1, 2, 3], plain=True)):
        read = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")
        assert np.array_equal(read[:35], bits[number].ravel())
    with pytest.raises(NotFound):
        frames_of(member, Budgets(), [4], plain=True)
