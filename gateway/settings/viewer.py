"""The setting of the hospital's own viewer, to which reports link."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_settings import BaseSettings

from gateway.settings.environment import FROM_ENVIRONMENT

STUDY_UID: Final = "{study_uid}"


def _viewer_template(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("http or https only: https://viewer.example.org/viewer?StudyInstanceUIDs={study_uid}")
    rest = url.replace(STUDY_UID, "")
    if STUDY_UID in parts.netloc or rest == url or "{" in rest or "}" in rest or not rest.isprintable() or " " in rest:
        raise ValueError(f"it holds {STUDY_UID} behind the host, and no other braces and no spaces")
    return url


class ViewerSettings(BaseSettings):
    """The viewer beside Turnstile, and what is read for it; `Settings` includes it."""

    model_config = FROM_ENVIRONMENT

    viewer_url: Annotated[str, AfterValidator(_viewer_template)] | None = None
    """Template of the address of the hospital's viewer, for a link in reports:
    https://viewer.example.org/viewer?StudyInstanceUIDs={study_uid}. No link by default."""

    dicomweb_ahead: bool = True
    """Read each new scan for DICOMweb in the background: a tenth of a study's CPU time. Without it a search reads the
    new scans of its institution, at most 16, and says in a Warning when some are left."""
