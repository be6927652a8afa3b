"""The file of a study's scan: a tar of its instances, in the order of series and instance.

An instance waits under a key of its own until the first scan of its study; then it is a part of that scan's file, and
the file of a later version is made from there.
"""

from collections.abc import AsyncIterator, Sequence

from gateway.database.tables import IncomingInstanceRow
from gateway.errors import ObjectMissing
from gateway.records.slice_parts import tar_chunks, tar_offsets
from gateway.storage.blobs import Blobs


def study_chunks(
    blobs: Blobs, instances: Sequence[IncomingInstanceRow], earlier_sha256: str | None
) -> AsyncIterator[bytes]:
    """The bytes of the file; `earlier_sha256` is the file of the last version. Raises ObjectMissing."""
    return tar_chunks((one.size, _chunks(blobs, one, earlier_sha256)) for one in instances)


def offsets(instances: Sequence[IncomingInstanceRow]) -> tuple[int, ...]:
    """Where in the file each instance begins."""
    return tuple(tar_offsets([one.size for one in instances]))


def _chunks(blobs: Blobs, instance: IncomingInstanceRow, earlier_sha256: str | None) -> AsyncIterator[bytes]:
    if instance.waiting_key is not None:
        return blobs.read_waiting(instance.waiting_key, instance.size)
    if earlier_sha256 is None or instance.scan_offset is None:
        raise ObjectMissing("the scan that has an instance of this study is gone")
    return blobs.read(earlier_sha256, instance.scan_offset, instance.scan_offset + instance.size)
