"""What is known of a scan that a person uploaded: little, since reports keep no text of the headers."""

from gateway.database.tables.scan_origins import Source
from gateway.pacs.routing.decision import StudyAttributes
from gateway.pacs.routing.matching import CT
from gateway.pacs.routing.store.uploads import ReportedUpload


def attributes_of_upload(upload: ReportedUpload) -> StudyAttributes:
    """`sender` is the key of the account that asked for the analysis; the modality is known where slices were read."""
    return StudyAttributes(
        source=Source.UPLOAD, sender=upload.requested_by, modalities=frozenset({CT} if upload.holds_ct else ())
    )
