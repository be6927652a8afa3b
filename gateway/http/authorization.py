"""What an HTTP call requires: a principal, a scope, a rate limit.

    async def patients(principal: CurrentPrincipal, context: Context) -> ...         # signed in, any role
    @router.get("/patients", dependencies=[requires(Scope.PATIENTS_READ)])           # signed in, with this scope
    async def patients(principal: Annotated[Principal, requires(Scope.PATIENTS_READ)])
    @router.post("/scans", dependencies=[UPLOAD_RATE_LIMIT])                         # within the rate of uploads
    @router.get("/patients", dependencies=[LIST_RATE_LIMIT])                         # within the rate of lists

The answer is 401 `not_signed_in` or `invalid_token` without a login, 403 `not_permitted` without the scope, and 429
`too_many_requests` above the rate limit. Refused credentials and refused calls are audit events.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Protocol

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway.errors import NotPermitted, NotSignedIn
from gateway.http.limited_calls import Limited
from gateway.http.request_credentials import (
    SESSION_COOKIE,
    RequestCredentials,
    credentials_of,
    delete_cookie,
    request_context,
)
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext

BEARER = HTTPBearer(auto_error=False, description="An API token (ts_...) or a token of the identity provider.")


class Authentication(Protocol):
    """The authentication that HTTP calls use; `gateway.auth` implements it, the composition root sets it."""

    @property
    def public_url(self) -> str | None:
        """The service's address in browsers, where it differs from the Host header."""

    async def authenticate(self, credentials: RequestCredentials, context: RequestContext) -> Principal:
        """The principal.

        Raises NotSignedIn, NotPermitted, ForeignOrigin, TooManyRequests or IdentityProviderUnavailable.
        """

    async def record_refused_call(
        self, principal: Principal, context: RequestContext, method: str, scope: Scope
    ) -> None:
        """Write the audit event of a call that the principal has no scope for; raises TooManyRequests."""

    async def record_not_found(
        self, principal: Principal, context: RequestContext, method: str, entity: str, ids: Sequence[str]
    ) -> None:
        """Write the audit event of a call for records that the institution does not have; raises TooManyRequests."""

    async def is_still_valid(self, credentials: RequestCredentials) -> bool:
        """Whether the credentials of a call that goes on are neither revoked nor expired since it began."""

    async def count(self, limited: Limited, principal: Principal, context: RequestContext) -> None:
        """Count one call of this kind; raises TooManyRequests."""


def authentication_of(request: Request) -> Authentication:
    """The authentication of this application."""
    authentication: Authentication = request.app.state.authentication
    return authentication


async def _context(request: Request) -> RequestContext:
    return request_context(request)


Context = Annotated[RequestContext, Depends(_context)]


async def _principal(
    request: Request, context: Context, _bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> Principal:
    try:
        principal = await authentication_of(request).authenticate(credentials_of(request), context)
    except NotSignedIn as refusal:
        refusal.headers |= _challenge(request)
        raise
    request.state.principal = principal  # for what is recorded when the call fails
    return principal


SIGNED_IN: Final = Depends(_principal)
CurrentPrincipal = Annotated[Principal, SIGNED_IN]


def requires(*scopes: Scope) -> Any:
    """A dependency that returns the principal; raises NotPermitted unless it has all `scopes`."""

    async def principal_with_scopes(request: Request, principal: CurrentPrincipal, context: Context) -> Principal:
        for scope in scopes:
            if not principal.has_scope(scope):
                await authentication_of(request).record_refused_call(principal, context, request.method, scope)
                raise NotPermitted(f"this login does not include {scope}")
        return principal

    return Depends(principal_with_scopes)


async def is_still_signed_in(request: Request) -> bool:
    """Whether the login of a call that goes on is neither revoked nor expired since the call began."""
    return await authentication_of(request).is_still_valid(credentials_of(request))


async def record_not_found(request: Request) -> None:
    """Write the audit event of a call that a record of its path was not found for; raises TooManyRequests.

    Before the principal is known nothing is written.
    """
    principal: Principal | None = getattr(request.state, "principal", None)
    ids = {name.removesuffix("_id"): str(value) for name, value in request.path_params.items() if name.endswith("_id")}
    if principal is not None:
        entity = next(iter(ids), "call")
        await authentication_of(request).record_not_found(
            principal, request_context(request), request.method, entity, list(ids.values())
        )


def _rate_limit(limited: Limited) -> Any:
    """A dependency that counts the call; raises TooManyRequests above the principal's rate."""

    async def count(request: Request, principal: CurrentPrincipal, context: Context) -> None:
        await authentication_of(request).count(limited, principal, context)

    return Depends(count)


UPLOAD_RATE_LIMIT: Final = _rate_limit(Limited.UPLOAD)
LIST_RATE_LIMIT: Final = _rate_limit(Limited.LIST)


def _challenge(request: Request) -> dict[str, str]:
    """The challenge of RFC 6750 3, and the deletion of a session cookie that is no longer valid."""
    response = Response()
    delete_cookie(request, response, SESSION_COOKIE)
    return {"WWW-Authenticate": "Bearer", "Set-Cookie": response.headers["set-cookie"]}
