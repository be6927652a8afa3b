"""References from a result to the source images, for single-frame and multi-frame sources alike.

highdicom references one image for each slice. The encoders give it such an image for every frame of a multi-frame
source too, under a stand-in UID; here the stand-ins become the object and its frame numbers (PS3.3 10.3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from screening.dicom.derived_uids import derived_uid

WHOLE_OBJECTS: Final = frozenset({"ReferencedSeriesSequence"})  # PS3.3 C.17.2: lists of objects name no frames


@dataclass(frozen=True)
class Reference:
    """One source image: an object, and the number of the frame (from 1) when the object is multi-frame."""

    sop_class_uid: str
    sop_uid: str
    frame: int | None = None

    @property
    def stand_in(self) -> str:
        """The UID by which encoders name this image: its own, or one for the frame."""
        return self.sop_uid if self.frame is None else derived_uid("frame", self.sop_uid, self.frame)


def resolve(dataset: Dataset, references: Mapping[str, Reference]) -> None:
    """Put the images' own classes, UIDs and frame numbers in place of the stand-ins, at every depth."""
    _resolve(dataset, references, whole=False)


def _resolve(dataset: Dataset, references: Mapping[str, Reference], *, whole: bool) -> None:
    for element in dataset:
        if element.VR == "SQ" and element.value:
            _merge(element.value, references, whole=whole)
            for item in element.value:
                _resolve(item, references, whole=element.keyword in WHOLE_OBJECTS)


def _merge(items: Sequence, references: Mapping[str, Reference], *, whole: bool) -> None:
    """One item for each object in place of one for each frame."""
    merged: dict[str, Dataset] = {}
    kept: list[Dataset] = []
    for item, reference in _pairs(items, references):
        if reference is None:
            kept.append(item)
            continue
        if reference.sop_uid not in merged:
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = reference.sop_class_uid, reference.sop_uid
            merged[reference.sop_uid] = item
            kept.append(item)
        if reference.frame is not None and not whole:
            _add_frame(merged[reference.sop_uid], reference.frame)
    items[:] = kept


def _pairs(items: Sequence, references: Mapping[str, Reference]) -> Iterator[tuple[Dataset, Reference | None]]:
    for item in items:
        yield item, references.get(str(item.get("ReferencedSOPInstanceUID", "")))


def _add_frame(item: Dataset, frame: int) -> None:
    told = item.get("ReferencedFrameNumber")
    frames = [] if told is None else [int(told)] if isinstance(told, int | str) else [int(one) for one in told]
    item.ReferencedFrameNumber = [*frames, frame] if frames else frame
