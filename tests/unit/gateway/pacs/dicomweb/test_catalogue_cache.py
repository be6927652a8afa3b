"""Catalogues in memory: read once, and no more of them than the limit."""

from pathlib import Path

from gateway.pacs.dicomweb.catalogue import Instance, Place, Series, pack
from gateway.pacs.dicomweb.catalogue_cache import CatalogueCache
from gateway.storage.blobs import Blobs
from screening.dicom.part10 import PixelSpan


def series(instances: int) -> Series:
    place = Place(False, 10, 20, 8, 7, 30)
    one = Instance("1.2", "1.3", "1.2.840.10008.1.2.1", True, 1, place, PixelSpan(4, 6), {"00080018": {"vr": "UI"}})
    return Series("1.1", "CT", True, {}, (one,) * instances)


async def test_a_catalogue_is_read_once(tmp_path: Path) -> None:
    blobs, cache = Blobs(tmp_path), CatalogueCache()
    assert await cache.read(blobs, "a/x") is None
    await blobs.put_derived("a/x", pack([series(2)]))
    assert await cache.read(blobs, "a/x") == (series(2),)
    await blobs.delete_derived("a")
    assert await cache.read(blobs, "a/x") == (series(2),)


async def test_the_longest_unused_go_first_and_the_last_one_stays(tmp_path: Path) -> None:
    blobs, cache = Blobs(tmp_path), CatalogueCache(max_instances=5)
    for name, instances in (("a", 2), ("b", 2), ("c", 9)):
        await blobs.put_derived(f"{name}/x", pack([series(instances)]))
    for name in ("a", "b", "a", "c"):
        await cache.read(blobs, f"{name}/x")
    for name in ("a", "b", "c"):
        await blobs.delete_derived(name)
    assert await cache.read(blobs, "c/x") is not None
    assert await cache.read(blobs, "a/x") is None
