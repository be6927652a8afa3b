"""What makes an object the same object each time it is written: UIDs, dates and equipment come from the report.

UIDs are made from the analysis and the model card (PS3.5 B.2), so a repeated send is one the archive already has. A
new report of the same study is a new analysis, and a new set of objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.valuerep import DA, DT, TM

from gateway.result_objects.references import resolve
from gateway.result_objects.source_identity import UTF_8
from gateway.result_objects.source_images import SourceImages
from gateway.result_objects.study_result import ReportOrigin, StudyResult
from screening.dicom.derived_uids import derived_uid
from screening.dicom.sop_classes import CT_IMAGES

ENCODING: Final = 2  # raised when an object's content changes for the same report, so that its UID changes with it
MANUFACTURER: Final = "Turnstile"
NO_DEVICE: Final = "not a medical device"
FIRST_SERIES_NUMBER: Final = 9500  # beyond the numbers that scanners give
DOCUMENTS: Final = frozenset({"SR", "KO", "DOC"})
HIGHDICOM_ROOT: Final = "1.2.826.0.1.3680043.10.511.3."  # of the random UIDs that it puts where we can give none
_DATES: Final = ("InstanceCreationDate", "ContentDate", "DateOfSecondaryCapture", "PresentationCreationDate")
_TIMES: Final = ("InstanceCreationTime", "ContentTime", "TimeOfSecondaryCapture", "PresentationCreationTime")


@dataclass(frozen=True)
class ObjectIdentity:
    """The identity of instance `number` (from 1) of one kind of object; `kind` is a stable name, one series each."""

    result: StudyResult
    kind: str
    description: str
    series: int
    number: int = 1

    def uid(self, *parts: object) -> str:
        """A UID for a part of this object."""
        origin = self.result.origin
        return derived_uid(
            "turnstile result",
            ENCODING,
            origin.analysis_id,
            origin.model_card,
            self.result.study_uid,
            self.kind,
            *parts,
        )

    def numbered(self, number: int) -> "ObjectIdentity":
        """The identity of another instance of the same series."""
        return replace(self, number=number)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that every class of highdicom takes."""
        origin = self.result.origin
        return {
            "series_instance_uid": self.uid("series"),
            "series_number": FIRST_SERIES_NUMBER + self.series,
            "sop_instance_uid": self.uid("instance", self.number),
            "instance_number": self.number,
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": MANUFACTURER,
            "software_versions": origin.program[:64],
            "device_serial_number": origin.model_card[:64],
            "series_description": f"{MANUFACTURER} {self.description}, {NO_DEVICE}",
            "specific_character_set": UTF_8,
            "transfer_syntax_uid": ExplicitVRLittleEndian,
        }

    def finished(self, dataset: Dataset, source: SourceImages) -> Dataset:
        """The object with its references, dates and remaining UIDs in place."""
        resolve(dataset, source.resolved)
        if dataset.Modality not in DOCUMENTS:
            dataset.BodyPartExamined = "CHEST"  # else Laterality is missing (PS3.3 C.7.3.1)
        self._add_study(dataset, source.identity)
        self._date(dataset, source.identity)
        self._replace_random_uids(dataset, {})
        return dataset

    def _add_study(self, dataset: Dataset, identity: Dataset) -> None:
        """What a study has in common but highdicom copies for some classes only; never the frame of reference."""
        for element in identity:
            if element.tag not in dataset and element.keyword not in {
                "FrameOfReferenceUID",
                "PositionReferenceIndicator",
            }:
                dataset.add(element)

    def _date(self, dataset: Dataset, identity: Dataset) -> None:
        at = reported_at(self.result.origin, identity)
        date, time = DA(at.date()), TM(at.time().replace(microsecond=0))
        dataset.SeriesDate, dataset.SeriesTime = date, time
        for keyword in _DATES:
            if keyword in dataset:
                setattr(dataset, keyword, date)
        for keyword in _TIMES:
            if keyword in dataset:
                setattr(dataset, keyword, time)
        for equipment in dataset.get("ContributingEquipmentSequence", ()):
            equipment.ContributionDateTime = DT(f"{at:%Y%m%d%H%M%S}")

    def _replace_random_uids(self, dataset: Dataset, made: dict[str, str]) -> None:
        for element in dataset:
            if element.VR == "SQ":
                for item in element.value or ():
                    self._replace_random_uids(item, made)
            elif element.VR == "UI" and str(element.value).startswith(HIGHDICOM_ROOT):
                element.value = made.setdefault(str(element.value), self.uid("part", self.number, len(made)))


def is_result(dataset: Dataset) -> bool:
    """Whether an object is one that this program writes, here or at another installation; never a CT image."""
    says = {str(dataset.get(keyword, "")) for keyword in ("Manufacturer", "ManufacturerModelName")}
    return says == {MANUFACTURER} and dataset.get("SOPClassUID") not in CT_IMAGES


def reported_at(origin: ReportOrigin, identity: Mapping[Any, Any] | Dataset) -> datetime:
    """The time of the report in the time zone of the source (0008,0201); in UTC where it names none."""
    offset = str(identity.get("TimezoneOffsetFromUTC", ""))
    zone = UTC
    if offset:
        minutes = int(offset[0] + "1") * (int(offset[1:3]) * 60 + int(offset[3:]))
        zone = timezone(timedelta(minutes=minutes))
    return origin.reported_at.astimezone(zone)


def file_bytes(dataset: Dataset) -> bytes:
    """The object as a DICOM file (PS3.10)."""
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
