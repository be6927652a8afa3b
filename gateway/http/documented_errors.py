"""The errors of HTTP calls as OpenAPI documents them; each has the shape of Problem."""

from typing import Any, Final

Problems = dict[int | str, dict[str, Any]]

# By reference: with `model`, a streaming call would document its errors with the media type of its stream.
BODY: Final = {"schema": {"$ref": "#/components/schemas/Problem"}}
MEANINGS: Final = {
    400: "The body is malformed",
    401: "No valid login: not_signed_in, invalid_token, invalid_claims",
    403: "The login has no such scope: not_permitted",
    404: "No such record in the principal's institution: not_found",
    408: "The request stopped arriving: request_timeout",
    409: "It conflicts with the current state: idempotency_busy, model_card_changed",
    410: "What the first request with this Idempotency-Key created was deleted: record_deleted",
    412: "The record was changed since it was read: precondition_failed",
    413: "The body is too long: content_too_large",
    422: "A value is invalid: invalid_request",
    429: "Too many requests: too_many_requests; see Retry-After",
    503: "The database is unavailable: database_unavailable; see Retry-After",
}


def problems(*statuses: int) -> Problems:
    """The errors with these statuses, for `responses` of a call or a router."""
    return {status: problem(MEANINGS[status]) for status in statuses}


def problem(meaning: str) -> dict[str, Any]:
    """One error with its own description."""
    return {"description": meaning, "content": {"application/json": BODY}}


COMMON_ERRORS: Final = problems(400, 401, 403, 408, 413, 422, 429, 503)
