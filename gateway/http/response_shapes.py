"""The shapes of responses in OpenAPI, for its page and for generated clients."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from screening.results.report import Notice

ROW_EXAMPLE: Final[dict[str, Any]] = {
    "path_to_study": "study.zip",
    "study_uid": "2.25.213467",
    "series_uid": "2.25.771209",
    "probability_of_pathology": 0.8123,
    "pathology": 1,
    "processing_status": "Success",
    "time_of_processing": 0.41,
    "most_dangerous_pathology_type": "Lung opacity",
    "pathology_localization": "112,141,201,233,30,36",
    "verdict": "pathology",
    "error": None,
    "detail": None,
    "notices": [Notice.NO_MEDICAL_DEVICE.value],
}


class Row(BaseModel):
    """One study. `pathology` and `probability_of_pathology` are null when it was not analysed, never 0."""

    model_config = ConfigDict(json_schema_extra={"example": ROW_EXAMPLE})

    path_to_study: str = Field(description="The name of the upload, as the client sent it.")
    study_uid: str | None = None
    series_uid: str | None = None
    probability_of_pathology: float | None = Field(description="Calibrated probability; null when not analysed.")
    pathology: Literal[0, 1] | None = Field(description="1 at or above the operating point; null when not analysed.")
    processing_status: Literal["Success", "Failure"]
    time_of_processing: float = Field(description="Seconds.")
    most_dangerous_pathology_type: str | None = None
    pathology_localization: str | None = Field(None, description="x_min,x_max,y_min,y_max,z_min,z_max")
    verdict: Literal["normal", "pathology", "not_analysed"]
    error: str | None = Field(None, description="Stable code of the reason why the study was not analysed.")
    detail: str | None = Field(None, description="The same reason as text for people.")
    notices: list[str] = Field(description="What limits the verdict, for instance untrained weights.")


class Summary(BaseModel):
    """Counts over the rows."""

    studies: int
    analysed: int
    failed: int
    has_pathology_any: bool | None = Field(
        description="True when the verdict of any study is pathology; else null when a study was not analysed."
    )


class Rows(BaseModel):
    """The rows and the summary of several studies."""

    rows: list[Row]
    summary: Summary


class Problem(BaseModel):
    """The body of each error response."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "error": "no_lung",
                "detail": "no lung was found in any series of the study",
                "request_id": "5f0c2b9e7a4d4c1f8f3a1c2b3d4e5f60",
            }
        }
    )

    error: str = Field(description="Stable code; see the table of errors.")
    detail: str = Field(description="What happened and what to do, for people.")
    request_id: str = Field(description="The id of this request in the service's log.")
