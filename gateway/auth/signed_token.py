"""A signed token (JWT) whose parts are read strictly.

joserfc checks the signature. The JSON is read here, since two readers of one text must not see two tokens: a name
twice, NaN, another encoding than UTF-8, and what Python's reader cannot nest are refused before anything is looked at.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from joserfc import jws
from joserfc.jwk import KeySet
from joserfc.util import urlsafe_b64decode


@dataclass(frozen=True)
class SignedToken:
    """The header and the claims of a token whose signature is good."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def verified(text: str, keys: KeySet, algorithms: Collection[str]) -> SignedToken:
    """The token; raises JoseError or ValueError unless one of the keys signed it, and for JSON that is not strict."""
    header = strict_object(urlsafe_b64decode(text.encode("ascii").partition(b".")[0]))
    if "crit" in header:  # RFC 7515 4.1.11: extensions that must be understood, and none is
        raise ValueError("an extension of the token is not known")
    signed = jws.deserialize_compact(text, keys, algorithms=algorithms)
    return SignedToken(header, strict_object(signed.payload or b""))


def strict_object(data: bytes) -> dict[str, Any]:
    """The JSON object in UTF-8 (RFC 8259) with unique names; raises ValueError for all else."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_with_unique_names, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("the JSON is no object")  # noqa: TRY004 - of the data, not of an argument
    return value


def _with_unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the JSON has a name twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
