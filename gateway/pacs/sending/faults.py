"""Why a result is not in its archive (yet): stable codes, each with a text that says what to do.

Texts never repeat what an archive answered: its comments may name a patient.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class FaultCode(StrEnum):
    """The codes of deliveries and destinations."""

    UNREACHABLE = "destination_unreachable"
    ADDRESS_REFUSED = "address_refused"
    TLS_FAILED = "tls_failed"
    ASSOCIATION_REJECTED = "association_rejected"
    LOGIN_REFUSED = "login_refused"
    BUSY = "destination_busy"
    NO_DICOMWEB = "no_dicomweb"
    NO_CREDENTIAL = "no_credential"
    ABORTED = "association_aborted"
    NO_ANSWER = "no_answer"
    ARCHIVE_ERROR = "archive_error"
    OUT_OF_RESOURCES = "out_of_resources"
    REFUSED = "object_refused"
    NO_PRESENTATION_CONTEXT = "no_presentation_context"
    TOO_LARGE = "object_too_large"
    NOT_WRITTEN = "result_not_written"
    NOT_WRITTEN_YET = "result_not_written_yet"
    COMMITMENT_REFUSED = "commitment_refused"
    COMMITMENT_MISSING = "commitment_missing"
    NO_DESTINATION = "no_such_destination"
    DESTINATION_DELETED = "destination_deleted"


DETAILS: Final[Mapping[FaultCode, str]] = MappingProxyType(
    {
        FaultCode.UNREACHABLE: "Nothing answers at the destination's address. Check host, port and firewall.",
        FaultCode.ADDRESS_REFUSED: "The host has a link-local, multicast or metadata address, which is refused.",
        FaultCode.TLS_FAILED: "TLS failed. Check the certificate, and whether the destination speaks TLS on this port.",
        FaultCode.ASSOCIATION_REJECTED: "The archive rejects the association. Make our AE title known to it.",
        FaultCode.LOGIN_REFUSED: "The archive refuses the login. Check the destination's credential.",
        FaultCode.BUSY: "The archive is busy and takes nothing now.",
        FaultCode.NO_DICOMWEB: "There is no STOW-RS at this URL. Check it; it ends before /studies.",
        FaultCode.NO_CREDENTIAL: "The settings no longer hold the destination's credential.",
        FaultCode.ABORTED: "The connection was lost before the archive had answered. It is sent again.",
        FaultCode.NO_ANSWER: "The archive did not answer in time. It is sent again.",
        FaultCode.ARCHIVE_ERROR: "The archive failed on an object. It is sent again.",
        FaultCode.OUT_OF_RESOURCES: "The archive has no space or no memory left. It is sent again.",
        FaultCode.REFUSED: "The archive refuses an object for good.",
        FaultCode.NO_PRESENTATION_CONTEXT: "The archive does not take this kind of object. Switch the kind off.",
        FaultCode.TOO_LARGE: "The archive or a proxy before it refuses an object of this size.",
        FaultCode.NOT_WRITTEN: "The result cannot be written as DICOM.",
        FaultCode.NOT_WRITTEN_YET: "The result cannot be written as DICOM now. It is tried again.",
        FaultCode.COMMITMENT_REFUSED: "The archive does not commit to keep an object. It is sent again.",
        FaultCode.COMMITMENT_MISSING: "The archive did not report on storage commitment. It is sent again.",
        FaultCode.NO_DESTINATION: "No destination has this name. Make it, and the result is sent.",
        FaultCode.DESTINATION_DELETED: "The destination was deleted before the result was sent.",
    }
)


@dataclass(frozen=True)
class Fault:
    """A code, and the text with what is known of this case: kinds of objects and status codes, never a patient."""

    code: FaultCode
    detail: str


def fault(code: FaultCode, what: str = "") -> Fault:
    """The fault; `what` is added to its text in brackets."""
    return Fault(code, f"{DETAILS[code]} ({what})" if what else DETAILS[code])


class DestinationDown(Exception):
    """Nothing can be sent to the destination now: it is left alone for a while, and its deliveries wait."""

    def __init__(self, reason: Fault) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Interrupted(Exception):
    """This delivery was cut off; the destination may be well."""

    def __init__(self, reason: Fault) -> None:
        super().__init__(reason.code)
        self.reason = reason
