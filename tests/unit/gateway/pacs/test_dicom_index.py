"""New scans are read for DICOMweb in the background, unless a site leaves that to its searches."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.composition import dicom_index
from gateway.composition.dicom_index import running_index
from gateway.settings.settings import Settings


@pytest.mark.parametrize("ahead", [True, False])
async def test_the_setting_decides_whether_new_scans_are_read_ahead(
    ahead: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = asyncio.Event()

    class Index:
        def __init__(self, *_: Any) -> None:
            pass

        async def forever(self) -> None:
            reading.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(dicom_index, "Indexing", Index)
    monkeypatch.setattr(dicom_index, "RenderCache", lambda *_: None)
    services: Any = SimpleNamespace(settings=Settings(dicomweb_ahead=ahead), decode=None, scratch=None)
    store: Any = SimpleNamespace(blobs=None, database=None)
    async with running_index(services, store):
        await asyncio.sleep(0.05)
        assert reading.is_set() == ahead
