"""The corpus of bad input through `survey` and `prepare`, as a decode worker runs them."""

import logging
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pytest

from screening.errors import StudyError
from screening.intake.upload import Budgets
from screening.preparation import PreparedStudy, prepare, survey
from tests.corpus import corrupt_files
from tests.corpus.case import PLANTED, Accepted, Refused
from tests.corpus.cases import ACCEPTED, ACCEPTED_FOLDERS, FOLDERS, REFUSED
from tests.corpus.clean_study import clean_files, zip_of_files

IMAGE_SIZE = 64
VIEW_SPACING_MM = 8.0
MIB = 1 << 20


@dataclass(frozen=True)
class Outcome:
    """The result of an upload: prepared studies and errors."""

    prepared: tuple[PreparedStudy, ...]
    errors: tuple[StudyError, ...]


def screened(upload: Path, scratch: Path) -> Outcome:
    """Survey the upload and prepare its studies; any exception other than StudyError is a bug and is raised."""
    prepared, errors = [], []
    try:
        studies = survey(upload, scratch, Budgets()).studies
    except StudyError as error:
        return Outcome((), (error,))
    for study in studies:
        try:
            if isinstance(study, StudyError):
                raise study
            found = prepare(study, IMAGE_SIZE, VIEW_SPACING_MM)
            if found.coverage.faults:  # as in the report of a study that is not suspicious
                raise found.coverage.faults[0].error(found.study_uid)
            prepared.append(found)
        except StudyError as error:
            errors.append(error)
    return Outcome(tuple(prepared), tuple(errors))


@pytest.fixture
def upload_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "upload"
    folder.mkdir()
    return folder


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> PreparedStudy:
    """The clean study, prepared for the networks."""
    outcome = screened(
        zip_of_files(tmp_path_factory.mktemp("clean"), clean_files()), tmp_path_factory.mktemp("scratch")
    )
    assert not outcome.errors
    return outcome.prepared[0]


@pytest.mark.parametrize("case", [*REFUSED, *FOLDERS], ids=lambda case: case.name)
def test_it_is_refused(case: Refused, upload_folder: Path, scratch: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With its code and status; files are written in the scratch folder only, and no name is logged."""
    caplog.set_level(logging.DEBUG)
    upload = case.build(upload_folder)
    outcome = screened(upload, scratch)
    assert not outcome.prepared
    assert {(error.code, error.status) for error in outcome.errors} == {(case.code, case.status)}
    assert set(upload_folder.parent.iterdir()) == {upload_folder, scratch}
    assert list(upload_folder.iterdir()) == [upload]
    assert PLANTED not in caplog.text + "".join(error.detail for error in outcome.errors)


@pytest.mark.parametrize("case", [case for case in REFUSED if "bomb" in case.name], ids=lambda case: case.name)
def test_a_bomb_is_refused_before_it_is_unpacked(case: Refused, upload_folder: Path, scratch: Path) -> None:
    upload = case.build(upload_folder)
    tracemalloc.start()
    screened(upload, scratch)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 256 * MIB  # the bombs swell to one gibibyte and more


@pytest.mark.parametrize("case", [*ACCEPTED, *ACCEPTED_FOLDERS], ids=lambda case: case.name)
def test_it_is_read_like_the_clean_study(
    case: Accepted, clean: PreparedStudy, upload_folder: Path, scratch: Path
) -> None:
    outcome = screened(case.build(upload_folder), scratch)
    assert not outcome.errors
    (study,) = outcome.prepared
    assert study.sop_uids == clean.sop_uids or not case.same_uids
    assert np.array_equal(study.views, clean.views)
    assert np.array_equal(study.lung_masks, clean.lung_masks)
    assert case.warning is None or case.warning in " ".join(study.warnings)


@pytest.mark.parametrize("cut", [corrupt_files.cut_in_the_header, corrupt_files.cut_in_the_pixels])
def test_a_truncated_slice_is_never_left_out_without_a_warning(
    cut: Callable[[bytes], bytes], upload_folder: Path, scratch: Path
) -> None:
    *files, last = clean_files()
    (study,) = screened(zip_of_files(upload_folder, [*files, cut(last)]), scratch).prepared
    assert any("1 DICOM file(s) of the upload could not be read" in warning for warning in study.warnings)


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_end_in_a_study_error_or_a_study(seed: int, upload_folder: Path, scratch: Path) -> None:
    """Random bytes in the headers of every slice raise no other exception."""
    random = Random(seed)
    positions = [random.randrange(132, 1500) for _ in range(8)]
    values = [random.randrange(256) for _ in positions]

    def noisy(content: bytes) -> bytes:
        corrupted = bytearray(content)
        for place, value in zip(positions, values, strict=True):
            corrupted[place] = value
        return bytes(corrupted)

    outcome = screened(zip_of_files(upload_folder, map(noisy, clean_files())), scratch)
    assert all(PLANTED not in error.detail for error in outcome.errors)


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_in_the_zip_end_in_a_study_error_or_a_study(
    seed: int, upload_folder: Path, scratch: Path
) -> None:
    random = Random(seed)
    upload = zip_of_files(upload_folder, clean_files())
    content = bytearray(upload.read_bytes())
    directory = len(content) - 3000
    for _ in range(4):
        content[random.randrange(directory, len(content))] = random.randrange(256)
    upload.write_bytes(content)
    outcome = screened(upload, scratch)
    assert outcome.errors or outcome.prepared
