"""The Orthanc of compose and chart, by its own configuration."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from gateway.settings.settings import ROOT
from tests.integration.pacs.orthanc import Orthanc, running_orthanc

FILES: Final = ROOT / "helm" / "turnstile" / "files"
OF_THE_MACHINE: Final = {"StorageDirectory", "IndexDirectory", "Plugins", "DicomPort", "HttpPort", "RegisteredUsers"}


@contextmanager
def orthanc_beside(folder: Path, listener_port: int, **changes: Any) -> Iterator[Orthanc]:
    """It runs beside a listener on this port of 127.0.0.1."""
    configuration = json.loads((FILES / "orthanc.json").read_text("utf-8"))
    assert configuration["DicomModalities"] == {"turnstile": ["TURNSTILE", "${LISTENER_HOST}", 11112]}
    own = {key: value for key, value in configuration.items() if key not in OF_THE_MACHINE}
    own |= {
        "LuaScripts": [str(FILES / "to_turnstile.lua")],
        "DicomModalities": {"turnstile": ["TURNSTILE", "127.0.0.1", listener_port]},
    }
    with running_orthanc(folder, user=("orthanc", "secret"), **(own | changes)) as running:
        yield running
