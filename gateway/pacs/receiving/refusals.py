"""Why an instance is refused, with the status of C-STORE (PS3.4 B.2.3) and of STOW-RS (PS3.18 I.2.2), which are one.

status  reason
A700    the disk is full, a quota is used up, the study has too many instances or bytes, storage or database away
A900    the data set is of another SOP class, instance or study than the request says
C000    the data set cannot be read, or names no valid study, series or instance
C001    an instance of the study came with another patient's ID
0110    a fault of this program
B000    (warning) the instance is there already with other content, which was kept
"""

from enum import Enum, IntEnum
from typing import Final

from gateway.errors import DatabaseUnavailable, QuotaExceeded, StorageFull, StorageUnavailable
from screening.coded_error import CodedError
from screening.errors import IntakeError


class Status(IntEnum):
    """The status of one instance."""

    SUCCESS = 0x0000
    PROCESSING_FAILURE = 0x0110
    OUT_OF_RESOURCES = 0xA700
    OTHER_OBJECT = 0xA900
    KEPT_FIRST = 0xB000
    NOT_UNDERSTOOD = 0xC000
    OTHER_PATIENT = 0xC001


class Refusal(Enum):
    """A reason, as it stands in logs and metrics, and its status."""

    TOO_MANY_INSTANCES = "too_many_instances", Status.OUT_OF_RESOURCES
    TOO_MANY_BYTES = "too_many_bytes", Status.OUT_OF_RESOURCES
    INSTANCE_TOO_LONG = "instance_too_long", Status.OUT_OF_RESOURCES
    OTHER_CLASS = "other_class", Status.OTHER_OBJECT
    OTHER_INSTANCE = "other_instance", Status.OTHER_OBJECT
    OTHER_STUDY = "other_study", Status.OTHER_OBJECT
    CLASS_REFUSED = "class_refused", Status.OTHER_OBJECT
    NO_UID = "no_uid", Status.NOT_UNDERSTOOD
    NO_DICOM = "no_dicom", Status.NOT_UNDERSTOOD
    OTHER_PATIENT = "other_patient", Status.OTHER_PATIENT

    @property
    def code(self) -> str:
        return self.value[0]

    @property
    def status(self) -> Status:
        return self.value[1]


class Refused(Exception):
    """An instance was refused; nothing of it is left."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


_AWAY: Final = (StorageFull, StorageUnavailable, QuotaExceeded, DatabaseUnavailable)


def status_of(error: Exception) -> tuple[Status, str]:
    """The status of an error, and its code for logs and metrics."""
    match error:
        case Refused():
            return error.refusal.status, error.refusal.code
        case IntakeError():
            return Status.NOT_UNDERSTOOD, error.code
        case CodedError() if isinstance(error, _AWAY):
            return Status.OUT_OF_RESOURCES, error.code
        case _:
            return Status.PROCESSING_FAILURE, "fault"
