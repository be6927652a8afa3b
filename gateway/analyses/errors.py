"""Failures of the service: an accepted scan was not analysed, and neither the study nor the networks are the cause.

    StudyError
    └── ServiceError
        ├── UploadUnavailable    upload_unavailable   503   the blob store does not answer; tried again
        ├── UploadLost           upload_lost          500   the blob store has no such file any more
        └── AnalysisCrashed      analysis_crashed     500   the program failed, or each worker was killed

`screening.errors` has the rest of the tree.
"""

from screening.errors import StudyError


class ServiceError(StudyError):
    """The service failed."""

    code, status = "service_error", 500


class UploadUnavailable(ServiceError):
    """The file cannot be read now."""

    code, status, transient = "upload_unavailable", 503, True


class UploadLost(ServiceError):
    """The file is gone."""

    code = "upload_lost"


class AnalysisCrashed(ServiceError):
    """The program failed on this study, or its worker was killed."""

    code = "analysis_crashed"
