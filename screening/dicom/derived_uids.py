"""UIDs made from what is there, for objects that have no proper one: the same input gives the same UID."""

import hashlib


def derived_uid(*parts: object) -> str:
    """A UID of the form 2.25 and a number of 128 bits (PS3.5 B.2), always the same for the same parts."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode("utf-8", "surrogateescape")).digest()
    return f"2.25.{int.from_bytes(digest[:16])}"
