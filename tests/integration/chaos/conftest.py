"""The service in real processes, on a disk, a clock and a network of the test's own where the machine allows it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from screening.phantom.phantom_study import write_phantom
from tests.integration.chaos import with_moved_clock
from tests.integration.chaos.clock import MovedClock
from tests.integration.chaos.small_disk import can_mount, small_disk
from tests.integration.chaos.stalling_proxy import StallingProxy
from tests.integration.chaos.troubles import Trouble, troubles_of
from tests.integration.faults.fault_service import ServiceUnderFaults, running_service
from tests.postgres import RunningPostgres


@dataclass(frozen=True)
class TroubledService:
    """The service, what can go wrong with it, the folders that it writes to, and that of its backups."""

    service: ServiceUnderFaults
    troubles: Mapping[str, Trouble]
    folders: tuple[Path, ...]
    archive: Path


@pytest.fixture(scope="package")
def troubled(tmp_path_factory: pytest.TempPathFactory, postgres: RunningPostgres) -> Iterator[TroubledService]:
    folder = tmp_path_factory.mktemp("service")
    clock = MovedClock(folder / "clock")
    clock.set(0)
    proxies: list[StallingProxy] = []

    @contextmanager
    def way(triton_url: str) -> Iterator[str]:
        with StallingProxy(triton_url).running() as proxy:
            proxies.append(proxy)
            yield proxy.url

    with small_disk(folder) if can_mount(tmp_path_factory.mktemp("mount")) else nullcontext() as disk:
        data = disk.folder if disk else folder
        with running_service(folder, postgres, data, way, with_moved_clock.__name__, clock.environ) as service:
            folders = (disk.folder,) if disk else (data / "blobs", data / "scratch")
            archive = folder / "archive"
            troubles = troubles_of(service, proxies[0], disk, clock, archive)
            yield TroubledService(service, troubles, (*folders, folder / "home"), archive)


@pytest.fixture(scope="package")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three phantoms, small enough to be quick, and a file that is no study."""
    folder = tmp_path_factory.mktemp("files")
    phantoms = [
        write_phantom(folder / f"phantom-{seed}.zip", slices=16, size=128, seed=seed, nodule=seed % 2 == 0)
        for seed in range(3)
    ]
    broken = folder / "broken.zip"
    broken.write_bytes(phantoms[0].read_bytes()[: phantoms[0].stat().st_size // 2])
    return [*phantoms, broken]
