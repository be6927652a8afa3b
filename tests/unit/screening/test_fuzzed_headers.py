"""Real headers, changed at random: never a fault of the program, never `normal` of lungs that were not seen whole.

Survey and preparation run as in a decode worker, without networks; the probability is that of a study without any sign
of disease, so only the coverage stands between a changed study and `normal`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from pydicom import Dataset, config, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag
from pydicom.uid import ExplicitVRLittleEndian

from screening.dicom.pydicom_logging import PARSE_ERRORS, suppress_pydicom_warnings
from screening.errors import StudyError
from screening.intake.budgets import MIB, Budgets
from screening.preparation import PreparedStudy, prepare, survey
from screening.results.verdict import Verdict, verdict_of
from tests.examples import examples
from tests.unit.screening.studies import POINT

IMAGE_SIZE, VIEW_SPACING_MM = 64, 8.0
SHRINK = 4  # 128 px; the lung masks are made on a grid of at most 192
BUDGETS = Budgets(total_bytes=256 * MIB, declared_pixel_bytes=64 * MIB)

# What decides how pixels are read and where they lie: a lie about size and place that is the same in all slices cannot
# be seen, so a study that tells one is asked only for what holds of every study.
PLACE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "PatientPosition", "SliceThickness")
PIXELS = (
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
    "PhotometricInterpretation", "RescaleSlope", "RescaleIntercept", "RescaleType", "PixelPaddingValue",
    "NumberOfFrames",
)  # fmt: skip
IDENTITY = (
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName",
    "Modality", "ImageType", "SOPClassUID", "SpecificCharacterSet", "AcquisitionNumber", "AcquisitionTime",
    "ConvolutionKernel", "InstanceNumber", "GantryDetectorTilt", "SeriesDescription",
)  # fmt: skip
TEXTS = st.sampled_from(
    [b"", b" ", b"0", b"-1", b"1", b"1e300", b"nan", b"-inf", b"1,5", b"1\\1", b"1\\2\\3\\4\\5\\6", b"\xff\xfe",
     b"\0\0", b"ORIGINAL", b"Zebulon^Ada", b"../../etc/passwd", b"2.25.1", b"9" * 70, b"\\\\\\", b"HU", b"US",
     b"CT", b"OT"]
)  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """A value of an element put, or taken away, in some of the slices."""

    keyword: str
    value: bytes | None
    every: int

    def apply(self, slices: Sequence[Dataset]) -> None:
        tag = BaseTag(Tag(self.keyword))
        for one in slices[:: self.every]:
            if self.value is None:
                one.pop(tag, None)
            else:
                value = self.value + b" " * (len(self.value) % 2)
                vr = one[tag].VR if tag in one else "UN"
                one[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)


BINARY = st.one_of(st.integers(0, 65_535).map(lambda number: number.to_bytes(2, "little")), st.binary(max_size=6))
MUTATIONS = st.builds(
    Mutation,
    st.sampled_from((*PLACE, *PIXELS, *IDENTITY)),
    st.one_of(st.none(), TEXTS, BINARY),
    st.sampled_from([1, 1, 2, 7, 30]),
)


def shrunk(one: Dataset) -> Dataset:
    """The slice in fewer pixels, uncompressed."""
    values = one.pixel_array
    rows, columns = values.shape
    small = values.reshape(rows // SHRINK, SHRINK, columns // SHRINK, SHRINK).mean(axis=(1, 3)).round()
    one.PixelData = small.astype(values.dtype).tobytes()
    one["PixelData"].is_undefined_length = False
    one.Rows, one.Columns = small.shape
    one.PixelSpacing = [SHRINK * float(mm) for mm in one.PixelSpacing]
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return one


class Files(tuple[bytes, ...]):
    """Files of slices, which no report of a failing example repeats."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{len(self)} files"


@pytest.fixture(scope="module")
def real_files(real_data: Path) -> Files:
    """Every third slice of a normal study, 6 mm apart."""
    slices = [dcmread(path) for path in sorted((real_data / "dicom" / "normal001").glob("*.dcm"))]
    slices.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    return Files(to_bytes(shrunk(one)) for one in slices[::3])


def to_bytes(one: Dataset) -> bytes:
    buffer = BytesIO()
    with config.disable_value_validation():
        one.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


def changed(files: Sequence[bytes], mutations: Sequence[Mutation]) -> list[bytes]:
    """The files after the mutations; an example that pydicom cannot write is passed over."""
    with config.disable_value_validation(), suppress_pydicom_warnings():
        slices = [dcmread(BytesIO(content)) for content in files]
        for mutation in mutations:
            mutation.apply(slices)
        try:
            return [to_bytes(one) for one in slices]
        except PARSE_ERRORS:
            reject()


def outcome(files: Sequence[bytes]) -> list[PreparedStudy | StudyError]:
    """What comes of an upload; any exception but a StudyError is a fault of the program and is raised."""
    with TemporaryDirectory() as folder:
        upload = Path(folder) / "upload"
        upload.mkdir()
        for number, content in enumerate(files):
            (upload / f"{number:04}").write_bytes(content)
        try:
            studies = survey(upload, Path(folder) / "scratch", BUDGETS).studies
        except StudyError as error:
            return [error]
        return [study if isinstance(study, StudyError) else prepared(study) for study in studies]


def prepared(study: Any) -> PreparedStudy | StudyError:
    try:
        return prepare(study, IMAGE_SIZE, VIEW_SPACING_MM)
    except StudyError as error:
        return error


def check(found: Sequence[PreparedStudy | StudyError], whole: PreparedStudy, *, placed: bool) -> None:
    """What must hold of every outcome; of one whose places are true, also that `normal` saw the whole lungs."""
    for one in found:
        told = one.detail if isinstance(one, StudyError) else " ".join(one.warnings)
        assert "Zebulon" not in told
        assert "passwd" not in told
        if isinstance(one, StudyError):
            continue
        verdict = verdict_of(0.0, POINT, one.coverage)
        assert (verdict is Verdict.NORMAL) == (not one.coverage.faults)
        if verdict is Verdict.NORMAL and placed:
            assert one.coverage.volume_ml == pytest.approx(whole.coverage.volume_ml, rel=0.1)
            assert one.coverage.height_mm == pytest.approx(whole.coverage.height_mm, abs=13.0)


@pytest.fixture(scope="module")
def whole(real_files: Files) -> PreparedStudy:
    """The study as it is: it must be one that could be called normal, or the tests below would prove nothing."""
    (study,) = outcome(real_files)
    assert isinstance(study, PreparedStudy)
    assert verdict_of(0.0, POINT, study.coverage) is Verdict.NORMAL, study.coverage.faults
    return study


# An example takes half a second, so a failing one is not shrunk: it says enough as it is.
FUZZED = settings(
    deadline=None,
    max_examples=examples(50),
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)


@FUZZED
@given(mutations=st.lists(MUTATIONS, min_size=1, max_size=4))
def test_elements_changed_at_random(real_files: Files, whole: PreparedStudy, mutations: list[Mutation]) -> None:
    placed = not any(mutation.keyword in PLACE for mutation in mutations)
    check(outcome(changed(real_files, mutations)), whole, placed=placed)


def without(start: int, count: int) -> Callable[[Sequence[bytes]], list[bytes]]:
    return lambda files: [*files[:start], *files[start + count :]]


@FUZZED
@given(start=st.integers(0, 51), count=st.integers(1, 40), shuffled=st.randoms(use_true_random=False))
def test_slices_left_out_at_random(
    real_files: Files, whole: PreparedStudy, start: int, count: int, shuffled: Any
) -> None:
    files = without(start, count)(real_files)
    shuffled.shuffle(files)
    check(outcome(files or real_files[:1]), whole, placed=True)


@FUZZED
@given(
    places=st.lists(st.tuples(st.integers(132, 4000), st.integers(0, 255)), min_size=1, max_size=12),
    every=st.sampled_from([1, 5, 40]),
)
def test_bytes_changed_at_random(
    real_files: Files, whole: PreparedStudy, places: list[tuple[int, int]], every: int
) -> None:
    files = []
    for number, content in enumerate(real_files):
        data = bytearray(content)
        if number % every == 0:
            for place, value in places:
                data[place] = value
        files.append(bytes(data))
    check(outcome(files), whole, placed=False)


def test_the_pixels_of_a_slice_may_be_noise_but_it_is_never_normal(real_files: Files, whole: PreparedStudy) -> None:
    """One slice in the middle of the lungs, of which nothing is left."""
    slices = [dcmread(BytesIO(content)) for content in real_files]
    broken = slices[len(slices) // 2]
    broken.PixelData = np.random.default_rng(0).integers(0, 256, len(broken.PixelData), np.uint8).tobytes()
    for one in outcome([to_bytes(each) for each in slices]):
        assert isinstance(one, StudyError) or verdict_of(0.0, POINT, one.coverage) is not Verdict.NORMAL
    assert whole.coverage.complete
