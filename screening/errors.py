"""The errors of a study that was not analysed: each has a stable code and an HTTP status.

    StudyError
    ├── IntakeError                      the files of the upload
    │   ├── EmptyUpload                  empty_upload                 400
    │   ├── NotDicom                     not_dicom                    415
    │   ├── BrokenDicom                  broken_dicom                 422
    │   ├── BrokenArchive                broken_archive               422
    │   ├── EncryptedArchive             encrypted_archive            422
    │   ├── UnsupportedArchive           unsupported_archive          415
    │   ├── UnsafeMember                 unsafe_member                422
    │   └── OverBudget                   over_budget                  413
    │       └── HeaderOverBudget         header_over_budget           413
    ├── SeriesError                      the headers
    │   ├── NotComputedTomography        not_ct                       422
    │   ├── NoChestSeries                no_chest_series              422
    │   └── MixedPatients                mixed_patients               422
    ├── GeometryError                    the positions of the slices
    │   ├── MissingPosition              missing_position             422
    │   └── InvalidSpacing               invalid_spacing              422
    ├── PixelError                       the pixels
    │   ├── NoPixelData                  no_pixel_data                422
    │   ├── UnsupportedTransferSyntax    unsupported_transfer_syntax  422
    │   ├── BrokenPixels                 broken_pixels                422
    │   ├── NotHounsfield                not_hounsfield               422
    │   ├── DecodeTimeout                decode_timeout               422
    │   └── DecodeMemory                 decode_memory                422
    ├── CoverageError                    what is seen of the lungs
    │   ├── NoLung                       no_lung                      422
    │   ├── LungsIncomplete              lungs_incomplete             422
    │   ├── LungsTooSmall                lungs_too_small              422
    │   ├── LungsNotAerated              lungs_not_aerated            422
    │   ├── RibCageNotFound              rib_cage_not_found           422
    │   └── ViewGapTooWide               view_gap_too_wide            422
    └── EngineError                      the service, not the study; the same upload may succeed later
        ├── EngineUnavailable            engine_unavailable           503
        ├── EngineOverloaded             engine_overloaded            429
        ├── EngineDeadline               engine_deadline              504
        └── EngineFault                  engine_fault                 502

`code` and `status` are stable. `detail` says what happened and what to do; it never holds a file name, a patient's name
or identifier, or a path of the server. `study_uid` is set as soon as it is known. No error becomes the verdict normal
or a probability.
"""

from typing import ClassVar

from screening.coded_error import CodedError


class StudyError(CodedError):
    """A study, or a whole upload, that could not be analysed."""

    code, status = "study_error", 422
    transient: ClassVar[bool] = False

    def __init__(self, detail: str, study_uid: str | None = None) -> None:
        super().__init__(detail)
        self.study_uid = study_uid

    def __reduce__(self) -> tuple[type["StudyError"], tuple[str, str | None]]:
        return type(self), (self.detail, self.study_uid)

    def for_study(self, study_uid: str) -> "StudyError":
        """The same error with this Study Instance UID."""
        return type(self)(self.detail, study_uid)


class IntakeError(StudyError):
    code = "intake_error"


class EmptyUpload(IntakeError):
    code, status = "empty_upload", 400


class NotDicom(IntakeError):
    code, status = "not_dicom", 415


class BrokenDicom(IntakeError):
    code = "broken_dicom"


class BrokenArchive(IntakeError):
    code = "broken_archive"


class EncryptedArchive(IntakeError):
    code = "encrypted_archive"


class UnsupportedArchive(IntakeError):
    code, status = "unsupported_archive", 415


class UnsafeMember(IntakeError):
    code = "unsafe_member"


class OverBudget(IntakeError):
    code, status = "over_budget", 413


class HeaderOverBudget(OverBudget):
    code = "header_over_budget"


class SeriesError(StudyError):
    code = "series_error"


class NotComputedTomography(SeriesError):
    code = "not_ct"


class NoChestSeries(SeriesError):
    code = "no_chest_series"


class MixedPatients(SeriesError):
    code = "mixed_patients"


class GeometryError(StudyError):
    code = "geometry_error"


class MissingPosition(GeometryError):
    code = "missing_position"


class InvalidSpacing(GeometryError):
    code = "invalid_spacing"


class PixelError(StudyError):
    code = "pixel_error"


class NoPixelData(PixelError):
    code = "no_pixel_data"


class UnsupportedTransferSyntax(PixelError):
    code = "unsupported_transfer_syntax"


class BrokenPixels(PixelError):
    code = "broken_pixels"


class NotHounsfield(PixelError):
    code = "not_hounsfield"


class DecodeTimeout(PixelError):
    code = "decode_timeout"


class DecodeMemory(PixelError):
    code = "decode_memory"


class CoverageError(StudyError):
    """Nothing suspicious was found, but not all of the lungs was seen with air, so the study is not normal either."""

    code = "coverage_error"


class NoLung(CoverageError):
    code = "no_lung"


class LungsIncomplete(CoverageError):
    code = "lungs_incomplete"


class LungsTooSmall(CoverageError):
    code = "lungs_too_small"


class LungsNotAerated(CoverageError):
    code = "lungs_not_aerated"


class RibCageNotFound(CoverageError):
    code = "rib_cage_not_found"


class ViewGapTooWide(CoverageError):
    code = "view_gap_too_wide"


class EngineError(StudyError):
    code, status = "engine_error", 502


class EngineUnavailable(EngineError):
    code, status, transient = "engine_unavailable", 503, True


class EngineOverloaded(EngineError):
    code, status, transient = "engine_overloaded", 429, True


class EngineDeadline(EngineError):
    code, status, transient = "engine_deadline", 504, True


class EngineFault(EngineError):
    code = "engine_fault"
