"""The errors that calls promise on the OpenAPI page; every one has the shape of Problem."""

from typing import Any, Final

from gateway.api.schemas import Problem

Problems = dict[int | str, dict[str, Any]]

MEANINGS: Final = {
    400: "The body is malformed",
    401: "Nobody is signed in: not_signed_in, invalid_token",
    403: "The login does not include this: not_permitted",
    404: "There is no such record, or it is another institution's: not_found",
    409: "The first request with this key is still in work: idempotency_busy",
    412: "The record was changed since it was read: precondition_failed",
    413: "The body is too long: content_too_large",
    422: "A value is not what it must be: invalid_request",
    429: "Too often: too_many_requests; see Retry-After",
    503: "The database is away: database_unavailable; see Retry-After",
}


def problems(*statuses: int) -> Problems:
    """These errors, for `responses` of a call or a router."""
    return {status: {"model": Problem, "description": MEANINGS[status]} for status in statuses}


ANYWHERE: Final = problems(400, 401, 403, 413, 422, 429, 503)
