"""What a call requires of its caller: a principal, a scope, a rate.

    async def patients(principal: CurrentPrincipal, context: Context) -> ...         # signed in, any role
    @router.get("/patients", dependencies=[requires(Scope.PATIENTS_READ)])           # signed in, with this scope
    async def patients(principal: Annotated[Principal, requires(Scope.PATIENTS_READ)])
    @router.post("/scans", dependencies=[LIMITED_UPLOAD])                            # within the upload rate

Without a login the answer is 401 `not_signed_in` or `invalid_token`, without the scope 403 `not_permitted`, above the
rate 429 `too_many_requests`. Refused credentials and refused calls are audit events.
"""

from typing import Annotated, Any, Final, Protocol

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway.errors import NotPermitted, NotSignedIn
from gateway.http.request_credentials import SESSION, RequestCredentials, credentials_of, forget_cookie, request_context
from gateway.permissions import Scope
from gateway.principal import Principal, RequestContext

BEARER = HTTPBearer(auto_error=False, description="An API token (ts_...) or a token of the identity provider.")


class Authentication(Protocol):
    """What the calls ask of `gateway.auth`; the composition root puts it into the application's state."""

    @property
    def public_url(self) -> str | None:
        """The address that browsers know, where it differs from the Host header."""

    async def authenticate(self, credentials: RequestCredentials, context: RequestContext) -> Principal:
        """The principal; raises NotSignedIn, NotPermitted, ForeignOrigin, TooManyRequests or ProviderAway."""

    async def record_refused_call(
        self, principal: Principal, context: RequestContext, method: str, scope: Scope
    ) -> None:
        """Write the audit event of a call that the principal has no scope for."""

    async def count_upload(self, principal: Principal, context: RequestContext) -> None:
        """Count one upload; raises TooManyRequests."""


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
        return await authentication_of(request).authenticate(credentials_of(request), context)
    except NotSignedIn as refusal:
        refusal.headers |= _sign_in_again(request)
        raise


SIGNED_IN: Final = Depends(_principal)
CurrentPrincipal = Annotated[Principal, SIGNED_IN]


def requires(*scopes: Scope) -> Any:
    """A dependency that gives the principal when it has every one of `scopes`."""

    async def permitted(request: Request, principal: CurrentPrincipal, context: Context) -> Principal:
        for scope in scopes:
            if not principal.may(scope):
                await authentication_of(request).record_refused_call(principal, context, request.method, scope)
                raise NotPermitted(f"this login does not include {scope}")
        return principal

    return Depends(permitted)


async def _limited(request: Request, principal: CurrentPrincipal, context: Context) -> None:
    await authentication_of(request).count_upload(principal, context)


LIMITED_UPLOAD: Final = Depends(_limited)


def _sign_in_again(request: Request) -> dict[str, str]:
    """The challenge of RFC 6750 3, and the deletion of a session cookie that is no longer valid."""
    response = Response()
    forget_cookie(request, response, SESSION)
    return {"WWW-Authenticate": "Bearer", "Set-Cookie": response.headers["set-cookie"]}
