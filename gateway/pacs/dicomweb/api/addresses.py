"""Addresses of studies, series and instances, and their UIDs in a path."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends, Path, Request

from gateway.http.request_credentials import own_origin

PREFIX: Final = "/dicom-web"
_UID: Final = Path(pattern=r"^[0-9]+(\.[0-9]+)*$", max_length=64)
StudyUid = Annotated[str, _UID]
SeriesUid = Annotated[str, _UID]
InstanceUid = Annotated[str, _UID]


async def _instance(study_uid: StudyUid, series_uid: SeriesUid, instance_uid: InstanceUid) -> tuple[str, str, str]:
    return study_uid, series_uid, instance_uid


OneInstance = Annotated[tuple[str, str, str], Depends(_instance)]  # UIDs of study, series and instance in the path
_LEVELS: Final = ("studies", "series", "instances", "bulkdata")


def uri_of(request: Request) -> Callable[..., str]:
    """The absolute address of a study; with more UIDs that of a series, of an instance, and with a tag of bulk data."""
    base = own_origin(request) + PREFIX

    def uri(*uids: str) -> str:
        return base + "".join(f"/{level}/{uid}" for level, uid in zip(_LEVELS, uids, strict=False))

    return uri
