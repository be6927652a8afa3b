"""One phantom, its result with a suspicious region, and all of its objects, made once for these tests."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileDataset

from gateway.result_objects.encoding import ObjectFile
from gateway.result_objects.study_result import StudyResult
from screening.phantom.phantom_study import write_phantom
from tests.unit.gateway.result_objects.made_result import encoded, made_result, opened


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_phantom(tmp_path_factory.mktemp("objects") / "phantom.zip", slices=24, size=96)


@pytest.fixture(scope="session")
def result(phantom: Path) -> StudyResult:
    return made_result(phantom)


@pytest.fixture(scope="session")
def files(phantom: Path, result: StudyResult) -> tuple[ObjectFile, ...]:
    return encoded(phantom, result)


@pytest.fixture(scope="session")
def objects(files: tuple[ObjectFile, ...]) -> Mapping[str, FileDataset]:
    """The first object of each kind."""
    return {file.kind.value: opened(file) for file in reversed(files)}


@pytest.fixture(scope="session")
def source(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> list[FileDataset]:
    """The files of the phantom from the lowest slice."""
    folder = tmp_path_factory.mktemp("source")
    with zipfile.ZipFile(phantom) as archive:
        archive.extractall(folder)
    slices = [pydicom.dcmread(path) for path in folder.iterdir()]
    return sorted(slices, key=lambda one: float(one.ImagePositionPatient[2]))
