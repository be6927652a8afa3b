"""C-STORE as SCU (PS3.4 B), with a request of storage commitment on the same association (PS3.4 J). It blocks."""

from collections.abc import Callable, Sequence
from threading import Event as Flag
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from gateway.pacs.dimse.association import (
    AssociationAborted,
    AssociationRejected,
    NoAssociation,
    NoContextAccepted,
    Peer,
    PeerUnreachable,
    TlsFailed,
    association,
)
from gateway.pacs.peer_address import AddressRefused, AddressUnknown
from gateway.pacs.sending.commitment import REQUEST, WELL_KNOWN_INSTANCE, commitment_request, read_report
from gateway.pacs.sending.faults import DestinationDown, Fault, FaultCode, Interrupted, fault
from gateway.pacs.sending.result_object import Commitment, ResultObject, Sending, Sent

VERIFICATION: Final = UID("1.2.840.10008.1.1")
COMMITMENT_PUSH_MODEL: Final = UID("1.2.840.10008.1.20.1")
SYNTAXES: Final[list[str | UID]] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
SUCCESS: Final = 0x0000
EARLY_REPORT_S: Final = 2.0  # an archive that reports on the same association does so at once; others use a new one
WITHOUT_ASSOCIATION: Final[dict[type[Exception], FaultCode]] = {
    AddressUnknown: FaultCode.UNREACHABLE,
    AddressRefused: FaultCode.ADDRESS_REFUSED,
    PeerUnreachable: FaultCode.UNREACHABLE,
    TlsFailed: FaultCode.TLS_FAILED,
    AssociationAborted: FaultCode.ABORTED,
    NoContextAccepted: FaultCode.NO_PRESENTATION_CONTEXT,
}
OnOpen = Callable[[Association], None]


def echo(peer: Peer, on_open: OnOpen | None = None) -> None:
    """C-ECHO; raises DestinationDown."""
    try:
        with association(peer, [build_context(VERIFICATION, SYNTAXES)], on_open=on_open) as opened:
            status = opened.send_c_echo()
            if "Status" not in status:
                raise DestinationDown(fault(FaultCode.NO_ANSWER))
            if status.Status != SUCCESS:
                raise DestinationDown(fault(FaultCode.ARCHIVE_ERROR, f"status 0x{status.Status:04X}"))
    except (NoAssociation, AddressUnknown, AddressRefused) as error:
        raise DestinationDown(_reason(error)) from None


def store(
    peer: Peer, objects: Sequence[ResultObject], transaction_uid: str | None, on_open: OnOpen | None = None
) -> Sending:
    """Send the objects in their order; with a transaction UID, then ask for commitment if all are stored.

    Raises DestinationDown when there is no association, and Interrupted when it is lost.
    """
    reported: list[Commitment] = []
    arrived = Flag()

    def on_report(event: Any) -> tuple[int, None]:
        reported.append(read_report(event.event_information))
        arrived.set()
        return SUCCESS, None

    contexts = _contexts(objects, with_commitment=transaction_uid is not None)
    try:
        with association(peer, contexts, [(evt.EVT_N_EVENT_REPORT, on_report)], on_open) as opened:
            answers = [_store(opened, number, one) for number, one in enumerate(objects, start=1)]
            sending = Sending(answers)
            if transaction_uid is not None and sending.stored == len(objects):
                _ask_for_commitment(opened, transaction_uid, objects)
                arrived.wait(EARLY_REPORT_S)
    except NoContextAccepted:
        return Sending([Sent.refused(one, FaultCode.NO_PRESENTATION_CONTEXT) for one in objects])
    except (NoAssociation, AddressUnknown, AddressRefused) as error:
        raise DestinationDown(_reason(error)) from None
    return Sending(answers, reported[0] if reported else None)


def _contexts(objects: Sequence[ResultObject], *, with_commitment: bool) -> list[PresentationContext]:
    classes = dict.fromkeys(one.sop_class_uid for one in objects)
    wanted = [*classes, COMMITMENT_PUSH_MODEL] if with_commitment else list(classes)
    return [build_context(uid, SYNTAXES) for uid in wanted]


def _store(opened: Association, number: int, one: ResultObject) -> Sent:
    if not any(context.abstract_syntax == one.sop_class_uid for context in opened.accepted_contexts):
        return Sent.refused(one, FaultCode.NO_PRESENTATION_CONTEXT)
    if not opened.is_established:
        raise Interrupted(fault(FaultCode.ABORTED))
    try:
        status = opened.send_c_store(one.dataset(), msg_id=number)
    except RuntimeError:  # the association ended between the check and the call
        raise Interrupted(fault(FaultCode.ABORTED)) from None
    return Sent.by_status(one, _status_of(opened, status))


def _ask_for_commitment(opened: Association, transaction_uid: str, objects: Sequence[ResultObject]) -> None:
    """N-ACTION; raises Interrupted when the archive does not take the request, so that all is sent again later."""
    if not any(context.abstract_syntax == COMMITMENT_PUSH_MODEL for context in opened.accepted_contexts):
        raise Interrupted(fault(FaultCode.COMMITMENT_REFUSED, "it does not take storage commitment: switch it off"))
    information = commitment_request(transaction_uid, objects)
    try:
        status, _ = opened.send_n_action(information, REQUEST, COMMITMENT_PUSH_MODEL, WELL_KNOWN_INSTANCE)
    except RuntimeError:
        raise Interrupted(fault(FaultCode.ABORTED)) from None
    if (number := _status_of(opened, status)) != SUCCESS:
        raise Interrupted(fault(FaultCode.COMMITMENT_REFUSED, f"status 0x{number:04X}"))


def _status_of(opened: Association, answer: Dataset) -> int:
    """The status; an empty answer is one that did not come (pynetdicom then aborts the association)."""
    if "Status" in answer:
        return int(answer.Status)
    raise Interrupted(fault(FaultCode.NO_ANSWER if opened.is_aborted else FaultCode.ABORTED))


def _reason(error: Exception) -> Fault:
    if isinstance(error, AssociationRejected):
        return fault(FaultCode.ASSOCIATION_REJECTED, error.meaning)
    return fault(WITHOUT_ASSOCIATION[type(error)])
