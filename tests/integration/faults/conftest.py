"""The service, started once for all tests of this folder; each test leaves it running."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from screening.phantom.phantom_study import write_phantom
from tests.integration.faults.fault_service import ServiceUnderFaults, running_service
from tests.postgres import RunningPostgres


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory, postgres: RunningPostgres) -> Iterator[ServiceUnderFaults]:
    with running_service(tmp_path_factory.mktemp("service"), postgres) as running:
        yield running


@pytest.fixture(scope="package")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four phantoms, small enough to be quick, and a file that is no study."""
    folder = tmp_path_factory.mktemp("files")
    phantoms = [
        write_phantom(folder / f"phantom-{seed}.zip", slices=16, size=128, seed=seed, nodule=seed % 2 == 0)
        for seed in range(4)
    ]
    text = folder / "notes.txt"
    text.write_text("no DICOM here")
    return [*phantoms, text]
