"""Why an accepted scan could not be analysed although neither the study nor the networks are to blame.

    StudyError
    └── ServiceError
        ├── UploadUnavailable    upload_unavailable   503   the store of files is away; it may pass later
        ├── UploadLost           upload_lost          500   the store has no such file any more
        └── AnalysisCrashed      analysis_crashed     500   the program failed, or each worker that tried it died

`screening.errors` has the rest of the tree.
"""

from screening.errors import StudyError


class ServiceError(StudyError):
    """The house failed."""

    code, status = "service_error", 500


class UploadUnavailable(ServiceError):
    """The file cannot be read now."""

    code, status, transient = "upload_unavailable", 503, True


class UploadLost(ServiceError):
    """The file is gone."""

    code = "upload_lost"


class AnalysisCrashed(ServiceError):
    """The program, or its worker, did not survive this study."""

    code = "analysis_crashed"
