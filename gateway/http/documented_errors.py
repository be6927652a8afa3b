"""The errors that calls promise on the OpenAPI page; every one has the shape of Problem."""

from typing import Any, Final

Problems = dict[int | str, dict[str, Any]]

# By reference: told as a model, a call that streams would promise its errors in the type that it streams.
BODY: Final = {"schema": {"$ref": "#/components/schemas/Problem"}}
MEANINGS: Final = {
    400: "The body is malformed",
    401: "Nobody is signed in: not_signed_in, invalid_token",
    403: "The login does not include this: not_permitted",
    404: "There is no such record, or it is another institution's: not_found",
    409: "It does not fit what is there now: idempotency_busy, model_card_changed",
    412: "The record was changed since it was read: precondition_failed",
    413: "The body is too long: content_too_large",
    422: "A value is not what it must be: invalid_request",
    429: "Too often: too_many_requests; see Retry-After",
    503: "The database is away: database_unavailable; see Retry-After",
}


def problems(*statuses: int) -> Problems:
    """These errors, for `responses` of a call or a router."""
    return {status: problem(MEANINGS[status]) for status in statuses}


def problem(meaning: str) -> dict[str, Any]:
    """One error with a meaning of its own."""
    return {"description": meaning, "content": {"application/json": BODY}}


ANYWHERE: Final = problems(400, 401, 403, 413, 422, 429, 503)
