"""Versions of records as entity tags: ETag in responses, If-Match in requests (RFC 9110 8.8.3 and 13.1.1)."""

import re
from typing import Annotated, Final

from fastapi import Depends, Header

from gateway.errors import PreconditionFailed

TAGS: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*(?:,|$)')
ANY_VERSION: Final = "*"


def etag_of(version: int) -> str:
    """The strong entity tag of a record's version."""
    return f'"{version}"'


async def _accepted_versions(
    if_match: Annotated[
        str | None,
        Header(
            description="The ETag of the record as you read it; 412 when the record has changed since.", max_length=1000
        ),
    ] = None,
) -> frozenset[int] | None:
    """The versions that If-Match names; None when it is absent or `*`. Raises PreconditionFailed when it names none."""
    if if_match is None or if_match.strip() == ANY_VERSION:
        return None
    # If-Match uses the strong comparison: weak tags and tags that are no version match nothing.
    strong = frozenset(int(tag) for weak, tag in TAGS.findall(if_match) if not weak and tag.isdecimal())
    if not strong:
        raise PreconditionFailed("If-Match names no version of this record")
    return strong


ExpectedVersions = Annotated[frozenset[int] | None, Depends(_accepted_versions)]
