"""AE titles: how applications of DICOM networking are named (PS3.5 6.2, VR AE)."""

from typing import Annotated, Final

from pydantic import AfterValidator

MAX_LENGTH: Final = 16


def checked_ae_title(text: str) -> str:
    """An AE title without its insignificant spaces; raises ValueError for one that the standard does not allow."""
    title = text.strip(" ")
    if not 1 <= len(title) <= MAX_LENGTH or not title.isascii() or not title.isprintable() or "\\" in title:
        raise ValueError("an AE title has 1 to 16 ASCII characters without backslash")
    return title


AeTitle = Annotated[str, AfterValidator(checked_ae_title)]
