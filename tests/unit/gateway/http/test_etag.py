from typing import Any

import pytest

from gateway.errors import PreconditionFailed
from gateway.http import etag


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, None),
        ("*", None),
        (" * ", None),
        ('"3"', {3}),
        ('"3", "4"', {3, 4}),
        ('W/"3", "4"', {4}),
        ('"x","5"', {5}),
    ],
)
async def test_the_versions_that_a_client_accepts(sent: str | None, expected: Any) -> None:
    assert await etag._accepted_versions(sent) == expected


@pytest.mark.parametrize("sent", ["", "3", 'W/"3"', '"x"', '""', '"³"'])
async def test_a_header_without_a_version_matches_nothing(sent: str) -> None:
    with pytest.raises(PreconditionFailed):
        await etag._accepted_versions(sent)


def test_a_version_is_a_strong_tag() -> None:
    assert etag.etag_of(12) == '"12"'
