"""Storage commitment (PS3.4 J): the request of N-ACTION, and the report of N-EVENT-REPORT."""

from collections.abc import Iterable, Sequence
from typing import Final

from pydicom.dataset import Dataset

from gateway.pacs.sending.result_object import Commitment, ResultObject

WELL_KNOWN_INSTANCE: Final = "1.2.840.10008.1.20.1.1"  # PS3.4 J.3.5
REQUEST: Final = 1  # Action Type ID, PS3.4 table J.3-1


def commitment_request(transaction_uid: str, objects: Sequence[ResultObject]) -> Dataset:
    """The action information: the archive is asked to keep these objects."""
    information = Dataset()
    information.TransactionUID = transaction_uid
    information.ReferencedSOPSequence = [_reference(one) for one in objects]
    return information


def read_report(information: Dataset) -> Commitment:
    """The report in an N-EVENT-REPORT: success (event type 1) lists kept instances, failure (2) lacking ones too."""
    return Commitment(
        str(information.get("TransactionUID", "")),
        _instances(information.get("ReferencedSOPSequence")),
        _instances(information.get("FailedSOPSequence")),
    )


def _reference(one: ResultObject) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = one.sop_class_uid
    item.ReferencedSOPInstanceUID = one.sop_instance_uid
    return item


def _instances(items: Iterable[Dataset] | None) -> frozenset[str]:
    return frozenset(str(item.get("ReferencedSOPInstanceUID", "")) for item in items or ())
