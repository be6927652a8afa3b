"""The errors of fetching studies from an archive.

    ArchiveError
    ├── UnknownArchive       unknown_archive         404  the settings name no such archive
    ├── ArchiveUnavailable   archive_unavailable     503  it cannot be reached, or is silent; a retry may succeed
    ├── ArchiveRefused       archive_refused         502  it refuses the association, the login or the operation
    ├── InvalidAnswer        archive_answer_invalid  502  it answers what the standard does not allow
    ├── TooManyMatches       too_many_matches        422  the query finds more than is wanted
    ├── FolderInUse          folder_in_use           409  another pull writes into the folder now
    └── StudyNotFetched      study_not_fetched       502  of one study; the others go on
        ├── StudyIncomplete  study_incomplete        502  not all of its instances came
        ├── ForeignInstance  foreign_instance        502  an instance of another study, or no DICOM
        └── NotSelected      not_selected            422  the rules do not screen it

`detail` may hold the archive's name and UIDs, never a name, an identifier or a description of a patient, and no secret.
"""

from gateway.errors import GatewayError
from gateway.mass_runs.durable.sources import SourceFailed


class ArchiveError(GatewayError):
    code, status = "archive_error", 502


class UnknownArchive(ArchiveError):
    code, status = "unknown_archive", 404


class ArchiveUnavailable(ArchiveError):
    code, status = "archive_unavailable", 503


class ArchiveRefused(ArchiveError):
    code = "archive_refused"


class InvalidAnswer(ArchiveError):
    code = "archive_answer_invalid"


class TooManyMatches(ArchiveError):
    code, status = "too_many_matches", 422


class FolderInUse(ArchiveError):
    code, status = "folder_in_use", 409


class StudyNotFetched(ArchiveError, SourceFailed):
    code = "study_not_fetched"


class StudyIncomplete(StudyNotFetched):
    code = "study_incomplete"


class ForeignInstance(StudyNotFetched):
    code = "foreign_instance"


class NotSelected(StudyNotFetched):
    code, status = "not_selected", 422
