"""A running Orthanc with DICOMweb, from one JSON file: a real archive for the tests of gateway.pacs.

Its ports come from the OS, its storage is in the folder of the test. `python3 do.py test` installs the Debian packages
orthanc-dicomweb and dcmtk.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest

from tests.integration.polling import until

AE_TITLE: Final = "ORTHANC"
PLUGIN: Final = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
FOLDERS_OF_PROGRAMS: Final = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
ATTEMPTS: Final = 3  # another process may take a port between its choice here and Orthanc's start


@dataclass(frozen=True)
class Orthanc:
    """One Orthanc: DIMSE on `dicom_port` as `ae_title`, its own REST API at `url`, DICOMweb at `dicomweb_url`."""

    ae_title: str
    dicom_port: int
    http_port: int
    folder: Path
    pid: int
    user: tuple[str, str] | None = field(default=None, repr=False)  # of HTTP, with its password

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def dicomweb_url(self) -> str:
        return f"{self.url}/dicom-web"

    def client(self) -> httpx.Client:
        """For Orthanc's REST API and DICOMweb."""
        return httpx.Client(base_url=self.url, timeout=120, trust_env=False, auth=self.user)

    def get(self, path: str) -> Any:
        """The JSON of `GET path`."""
        with self.client() as client:
            return client.get(path).raise_for_status().json()

    def store(self, files: Iterable[Path]) -> None:
        """Store DICOM files by its REST API."""
        with self.client() as client:
            for file in files:
                client.post("/instances", content=file.read_bytes()).raise_for_status()

    def sop_instance_uids(self) -> list[str]:
        """The SOP Instance UID of each stored instance, sorted: a second copy of one would stand here twice."""
        return sorted(one["MainDicomTags"]["SOPInstanceUID"] for one in self.get("/instances?expand"))

    def file_of(self, sop_instance_uid: str) -> bytes:
        """The stored DICOM file."""
        with self.client() as client:
            (found,) = client.post("/tools/lookup", content=sop_instance_uid).raise_for_status().json()
            return client.get(f"/instances/{found['ID']}/file").raise_for_status().content

    def add_modality(self, name: str, ae_title: str, port: int) -> None:
        """Make an AE of this machine known, as the destination of a C-MOVE or of a send."""
        with self.client() as client:
            client.put(
                f"/modalities/{name}", json={"AET": ae_title, "Host": "127.0.0.1", "Port": port}
            ).raise_for_status()

    def pause(self) -> None:
        """It keeps its connections and answers nothing, until `resume`."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


@contextmanager
def running_orthanc(
    folder: Path, *, ports: tuple[int, int] | None = None, user: tuple[str, str] | None = None, **configuration: Any
) -> Iterator[Orthanc]:
    """Start Orthanc with its storage in `folder`, stop it at the end; a second start there finds what was stored.

    `ports` are those of DIMSE and HTTP, to start it again where it was. `configuration` are further keys of its JSON.
    """
    program = shutil.which("Orthanc", path=FOLDERS_OF_PROGRAMS)
    if program is None:
        pytest.skip("Orthanc is not installed (Debian: orthanc-dicomweb)")
    assert PLUGIN.exists(), "Orthanc is installed without DICOMweb (Debian: orthanc-dicomweb)"
    process, orthanc = _start(program, folder, ports, user, configuration)
    try:
        yield orthanc
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait()


def _start(
    program: str,
    folder: Path,
    ports: tuple[int, int] | None,
    user: tuple[str, str] | None,
    configuration: dict[str, Any],
) -> tuple[subprocess.Popen[bytes], Orthanc]:
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(ATTEMPTS):
        dicom_port, http_port = ports or free_ports(2)
        own = _configuration(folder, dicom_port, http_port, user) | configuration
        (folder / "orthanc.json").write_text(json.dumps(own))
        with (folder / "orthanc.log").open("ab") as log:
            process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
        orthanc = Orthanc(own["DicomAet"], dicom_port, http_port, folder, process.pid, user)
        until(lambda: process.poll() is not None or _listens(process.pid, {dicom_port, http_port}))  # noqa: B023
        if process.poll() is None:
            return process, orthanc
    log_text = (folder / "orthanc.log").read_text(errors="replace")
    raise AssertionError(f"Orthanc did not start:\n{log_text[-4000:]}")


def _configuration(folder: Path, dicom_port: int, http_port: int, user: tuple[str, str] | None) -> dict[str, Any]:
    return {
        "Name": "archive of a test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "DicomAet": AE_TITLE,
        "DicomPort": dicom_port,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "HttpPort": http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": user is not None,
        "RegisteredUsers": dict([user] if user else []),
    }


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of 127.0.0.1 on which nothing listens now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(one.getsockname()[1] for one in sockets)
    for one in sockets:
        one.close()
    return ports


def _listens(pid: int, ports: set[int]) -> bool:
    links = psutil.Process(pid).net_connections()
    return ports <= {link.laddr.port for link in links if link.status == psutil.CONN_LISTEN}
