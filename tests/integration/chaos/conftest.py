"""The service in real processes, on a disk, a clock and a network of the test's own where the machine allows it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from screening.phantom.phantom_study import write_phantom
from tests.integration.chaos import with_moved_clock
from tests.integration.chaos.clock import MovedClock
from tests.integration.chaos.restores import Restores
from tests.integration.chaos.small_disk import can_mount, small_disk
from tests.integration.chaos.stalling_proxy import StallingProxy
from tests.integration.chaos.switching_up import SwitchingUp, running_up
from tests.integration.chaos.troubles import troubles_of
from tests.integration.chaos.work_in_trouble import TroubledService
from tests.integration.faults.fault_service import running_service
from tests.postgres import RunningPostgres

CASES: Final = 2  # they share the minutes


@dataclass(frozen=True)
class Length:
    """For how many minutes things go wrong, at least one round, and the seed of their order."""

    minutes: float
    seed: str


@pytest.fixture
def length(pytestconfig: pytest.Config) -> Length:
    return Length(pytestconfig.getoption("chaos_minutes") / CASES, pytestconfig.getoption("chaos_seed"))


@pytest.fixture(scope="module")
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
            restores = Restores(service, postgres, folder / "archive", folder / "restored")
            troubles = troubles_of(service, proxies[0], disk, clock, restores)
            yield TroubledService(service, troubles, (*folders, folder / "home"), restores)


@pytest.fixture(scope="module")
def switching(tmp_path_factory: pytest.TempPathFactory, postgres: RunningPostgres) -> Iterator[SwitchingUp]:
    with running_up(tmp_path_factory.mktemp("up"), postgres) as up:
        yield up


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
