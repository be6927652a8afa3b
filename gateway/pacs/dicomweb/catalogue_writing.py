"""Writes the catalogues of an upload into a folder, named as their keys are. Runs in a decode worker."""

import gzip
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.pacs.dicomweb.attributes import SERIES, STUDY
from gateway.pacs.dicomweb.catalogue import Series, StudySummary, pack
from gateway.pacs.dicomweb.dicom_json import Json, chosen, json_lines, text_of
from gateway.pacs.dicomweb.upload_reading import ReadInstance, of_one_patient, read_instances, unambiguous
from screening.dicom.pydicom_logging import suppress_pydicom_warnings
from screening.dicom.sop_classes import CT_IMAGES
from screening.intake.budgets import Budgets

COPIES: Final = "copies"
INSTANCES: Final = "instances.json.gz"


@dataclass(frozen=True)
class WrittenCatalogues:
    """The studies whose catalogues were written, and the names of the files, below the root of their keys.

    The list of instances comes last: where it is stored, all else is.
    """

    studies: tuple[StudySummary, ...]
    files: tuple[str, ...]


@suppress_pydicom_warnings()  # once for all files
def write_catalogues(path: Path, scratch: Path, budgets: Budgets, target: Path) -> WrittenCatalogues:
    """Read the upload at `path` and write its catalogues into the folder `target`.

    Raises the IntakeError of an upload that cannot be opened.
    """
    found = list(read_instances(path, scratch, budgets, target / COPIES))
    studies = [_written(target, uid, own) for uid, some in of_one_patient(found).items() if (own := unambiguous(some))]
    files = [one for one in target.rglob("*") if one.is_file()]
    files.sort(key=lambda one: (one.name == INSTANCES, one))
    return WrittenCatalogues(tuple(studies), tuple(str(one.relative_to(target)) for one in files))


def _written(target: Path, study_uid: str, found: Sequence[ReadInstance]) -> StudySummary:
    folder = target / study_uid
    folder.mkdir()
    by_series: dict[str, list[ReadInstance]] = defaultdict(list)
    for one in found:
        by_series[one.series_uid].append(one)
    pairs = [_series(uid, sorted(some, key=_instance_order)) for uid, some in by_series.items()]
    pairs.sort(key=lambda pair: (_number(pair[0].attributes, "SeriesNumber"), pair[0].uid))
    for series, headers in pairs:
        lines = "".join(line + "\n" for line in json_lines(headers))
        (folder / f"{series.uid}.gz").write_bytes(gzip.compress(lines.encode(), 3, mtime=0))
    (folder / INSTANCES).write_bytes(pack([series for series, _ in pairs]))
    return StudySummary(study_uid, chosen(found[0].header, STUDY), tuple(series.summary for series, _ in pairs))


def _series(uid: str, found: Sequence[ReadInstance]) -> tuple[Series, list[Json]]:
    header = found[0].header
    instances = tuple(one.instance for one in found)
    series = Series(uid, text_of(header, "Modality")[:16], all(map(_is_ct, found)), chosen(header, SERIES), instances)
    return series, [one.header for one in found]


def _is_ct(one: ReadInstance) -> bool:
    return one.instance.sop_class in CT_IMAGES and text_of(one.header, "BurnedInAnnotation") != "YES"


def _instance_order(one: ReadInstance) -> tuple[int, str]:
    return _number(one.header, "InstanceNumber"), one.instance.uid


def _number(header: Mapping[str, Any], keyword: str) -> int:
    text = text_of(header, keyword)
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 12 else 0
