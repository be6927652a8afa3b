"""The catalogue of a study: its series and instances, and where the bytes of each instance are.

Beside the upload (or the analysis, for its results) lie, derived and deleted with it:

<root>/<Study Instance UID>/instances.json.gz          series and instances, small: every call reads it
<root>/<Study Instance UID>/<Series Instance UID>.gz   one line of DICOM JSON for each instance
<root>/copies                                          instances that lie packed in an upload (tar.gz, zip in zip)
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from screening.dicom.part10 import PixelSpan
from screening.intake.unpacking import CompressionMethod
from screening.intake.upload_members import ArchiveEntry, Member

VERSION: Final = 1  # raised when the reading changes, so that every scan is read again


@dataclass(frozen=True)
class Place:
    """Where the bytes of an instance are: `length` bytes at `offset` of the upload, or of the copies beside it."""

    copied: bool
    offset: int
    length: int
    packing: int
    checksum: int | None
    size: int

    def member(self, path: Any, begin: int) -> Member:
        """The instance in a file that holds the upload (or the copies) from `begin` on."""
        packing = CompressionMethod(self.packing)
        return Member(
            "instance", path, self.size, ArchiveEntry(self.offset - begin, self.length, packing, self.checksum)
        )


@dataclass(frozen=True)
class Instance:
    """An instance. `attributes` is DICOM JSON of what searches return; `pixels` the span of its Pixel Data."""

    uid: str
    sop_class: str
    transfer_syntax: str
    is_part10: bool
    frames: int
    place: Place
    pixels: PixelSpan | None
    attributes: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        pixels = values["pixels"]
        return cls(**{**values, "place": Place(**values["place"]), "pixels": pixels and PixelSpan(**pixels)})


@dataclass(frozen=True)
class Series:
    """A series; `attributes` is DICOM JSON of the series, `is_ct` as in `SeriesSummary`."""

    uid: str
    modality: str
    is_ct: bool
    attributes: Mapping[str, Any] = field(repr=False)
    instances: tuple[Instance, ...] = field(repr=False)

    @property
    def summary(self) -> "SeriesSummary":
        """The series without its instances."""
        return SeriesSummary(self.uid, self.modality, self.is_ct, len(self.instances), self.attributes)


@dataclass(frozen=True)
class StudySummary:
    """A study of an upload as the database has it: its attributes, and its series without their instances."""

    uid: str
    attributes: Mapping[str, Any] = field(repr=False)
    series: tuple["SeriesSummary", ...] = field(repr=False)


@dataclass(frozen=True)
class SeriesSummary:
    """A series as the database has it; `is_ct`: all of it are CT images that do not say that text is burned in."""

    uid: str
    modality: str
    is_ct: bool
    instances: int
    attributes: Mapping[str, Any] = field(repr=False)


def upload_root(sha256: str) -> str:
    """The key under which the catalogues of an upload lie."""
    return f"{sha256}/dicomweb-{VERSION}"


def result_root(analysis_id: object, study_uid: str) -> str:
    """The key under which the catalogue of an analysis's results for one study lies."""
    return f"analyses/{analysis_id}/dicomweb-{VERSION}/{study_uid}"


def instances_key(root: str, study_uid: str) -> str:
    """The key of the list of instances."""
    return f"{root}/{study_uid}/instances.json.gz"


def headers_key(root: str, study_uid: str, series_uid: str) -> str:
    """The key of the headers of a series."""
    return f"{root}/{study_uid}/{series_uid}.gz"


def copies_key(root: str) -> str:
    """The key of the copies."""
    return f"{root}/copies"


def pack(series: Sequence[Series]) -> bytes:
    """The list of instances of a study as bytes."""
    return gzip.compress(json.dumps(list(series), default=vars).encode(), 3, mtime=0)


def unpack(data: bytes) -> tuple[Series, ...]:
    """The list that `pack` wrote."""
    return tuple(
        Series(**{**one, "instances": tuple(map(Instance.from_json, one["instances"]))})
        for one in json.loads(gzip.decompress(data))
    )
