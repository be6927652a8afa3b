"""One DICOM object on its way to an archive, and what the archive answered to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Self

from pydicom import dcmread
from pydicom.dataset import FileDataset

from gateway.pacs.sending.faults import Fault, FaultCode, fault
from gateway.pacs.sending.store_status import Answer, meaning_of


@dataclass(frozen=True)
class ResultObject:
    """A DICOM file (PS3.10). `kind` is that of `ObjectKind`, for people."""

    kind: str
    sop_class_uid: str
    sop_instance_uid: str
    content: bytes = field(repr=False)

    @classmethod
    def of(cls, name: str, content: bytes) -> Self:
        """The object of a file as `ResultDownloads.files` names it: `study-1/sr-001.dcm`."""
        header = dcmread(BytesIO(content), specific_tags=["SOPClassUID", "SOPInstanceUID"], stop_before_pixels=True)
        kind = name.rpartition("/")[2].partition("-")[0]
        return cls(kind, str(header.SOPClassUID), str(header.SOPInstanceUID), content)

    def dataset(self) -> FileDataset:
        """The whole object."""
        return dcmread(BytesIO(self.content))


@dataclass(frozen=True)
class Sent:
    """The answer to one object; `fault` says why it is not stored."""

    sent: ResultObject
    answer: Answer
    fault: Fault | None = None

    @classmethod
    def by_status(cls, sent: ResultObject, status: int) -> Self:
        """The answer with this status of C-STORE, or this reason of STOW-RS."""
        answer, code = meaning_of(status)
        return cls(sent, answer, None if code is None else fault(code, f"{sent.kind}, status 0x{status:04X}"))

    @classmethod
    def refused(cls, sent: ResultObject, code: FaultCode) -> Self:
        """It was not taken, and never will be."""
        return cls(sent, Answer.REFUSED, fault(code, sent.kind))


@dataclass(frozen=True)
class Sending:
    """The answers to all objects of a result, and the storage commitment if it came on the same connection."""

    answers: Sequence[Sent]
    commitment: "Commitment | None" = None

    @property
    def stored(self) -> int:
        """How many objects the archive has stored."""
        return sum(one.answer is Answer.STORED for one in self.answers)

    @property
    def is_committed(self) -> bool:
        """Whether the archive has committed to keep every object."""
        uids = {one.sent.sop_instance_uid for one in self.answers}
        return self.commitment is not None and not self.commitment.lacking and uids <= self.commitment.kept

    def first_fault(self, answer: Answer) -> Fault | None:
        """Why the first object with this answer is not stored; with the number of objects where there are several."""
        faults = [one.fault for one in self.answers if one.answer is answer and one.fault is not None]
        if not faults:
            return None
        more = f" {len(faults)} of {len(self.answers)} objects." if len(faults) > 1 else ""
        return Fault(faults[0].code, faults[0].detail + more)


@dataclass(frozen=True)
class Commitment:
    """The archive's report on storage commitment (PS3.4 J.3.3): instances that it keeps, and those that it lacks."""

    transaction_uid: str
    kept: frozenset[str]
    lacking: frozenset[str]
