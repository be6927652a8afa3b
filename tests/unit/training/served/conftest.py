"""A phantom in memory, and networks that find what is bright in its lungs."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from screening.intake.upload import Budgets
from screening.phantom.phantom_study import write_phantom
from screening.preparation import survey
from screening.series.series_choice import ranked
from screening.series.studies import Study
from tests.unit.training.served.bright_networks import write_bright_repository
from training.served.decoded_volume import DecodedVolume
from training.served.exported_networks import ExportedNetworks


@pytest.fixture(scope="session")
def phantom_study() -> Iterator[Study]:
    """A healthy phantom of 3.1 mm slices."""
    with TemporaryDirectory() as folder:
        path = write_phantom(Path(folder) / "study", slices=96, size=128, nodule=False)
        (study,) = survey(path, Path(folder), Budgets()).studies
        assert isinstance(study, Study)
        yield study


@pytest.fixture(scope="session")
def volume(phantom_study: Study) -> DecodedVolume:
    return DecodedVolume.read(ranked(phantom_study).volumes[0])


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bright_repository(tmp_path_factory.mktemp("bright"))


@pytest.fixture
def networks(repository: Path) -> ExportedNetworks:
    return ExportedNetworks(repository)
