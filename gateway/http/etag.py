"""Versions of records as entity tags: ETag on the way out, If-Match on the way in (RFC 9110 8.8.3 and 13.1.1)."""

import re
from typing import Annotated, Final

from fastapi import Depends, Header

from gateway.errors import PreconditionFailed

TAGS: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*(?:,|$)')
ANY: Final = "*"


def tag_of(version: int) -> str:
    """The strong tag of a record's version."""
    return f'"{version}"'


async def _expected(
    if_match: Annotated[
        str | None,
        Header(description="The ETag that you read; 412 when the record was changed since.", max_length=1000),
    ] = None,
) -> frozenset[int] | None:
    """The versions that the client accepts; None when it accepts any. Raises PreconditionFailed for no tag of ours."""
    if if_match is None or if_match.strip() == ANY:
        return None
    # If-Match compares strongly: a weak tag matches nothing, and neither does what is not a version.
    strong = frozenset(int(tag) for weak, tag in TAGS.findall(if_match) if not weak and tag.isdecimal())
    if not strong:
        raise PreconditionFailed("If-Match names no version of this record")
    return strong


Expected = Annotated[frozenset[int] | None, Depends(_expected)]
