"""What a call requires of its caller: a principal, a scope, a rate.

    async def patients(principal: CurrentPrincipal, facts: Facts) -> ...             # signed in, any role
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
from gateway.http.request_credentials import SESSION, RequestCredentials, credentials_of, facts_of, forget_cookie
from gateway.permissions import Scope
from gateway.principal import Principal, RequestFacts

BEARER = HTTPBearer(auto_error=False, description="An API token (ts_...) or a token of the identity provider.")


class Authentication(Protocol):
    """What the calls ask of `gateway.auth`; the composition root puts it into the application's state."""

    @property
    def public_url(self) -> str | None:
        """The address that browsers know, where it differs from the Host header."""

    async def authenticate(self, credentials: RequestCredentials, facts: RequestFacts) -> Principal:
        """The principal; raises NotSignedIn, NotPermitted, ForeignOrigin, TooManyRequests or ProviderAway."""

    async def record_refused_call(self, principal: Principal, facts: RequestFacts, method: str, scope: Scope) -> None:
        """Write the audit event of a call that the principal has no scope for."""

    async def count_upload(self, principal: Principal, facts: RequestFacts) -> None:
        """Count one upload; raises TooManyRequests."""


def authentication_of(request: Request) -> Authentication:
    """The authentication of this application."""
    authentication: Authentication = request.app.state.authentication
    return authentication


async def _facts(request: Request) -> RequestFacts:
    return facts_of(request)


Facts = Annotated[RequestFacts, Depends(_facts)]


async def _principal(
    request: Request, facts: Facts, _bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> Principal:
    try:
        return await authentication_of(request).authenticate(credentials_of(request), facts)
    except NotSignedIn as refusal:
        refusal.headers |= _sign_in_again(request)
        raise


SIGNED_IN: Final = Depends(_principal)
CurrentPrincipal = Annotated[Principal, SIGNED_IN]


def requires(*scopes: Scope) -> Any:
    """A dependency that gives the principal when it has every one of `scopes`."""

    async def permitted(request: Request, principal: CurrentPrincipal, facts: Facts) -> Principal:
        for scope in scopes:
            if not principal.may(scope):
                await authentication_of(request).record_refused_call(principal, facts, request.method, scope)
                raise NotPermitted(f"this login does not include {scope}")
        return principal

    return Depends(permitted)


async def _limited(request: Request, principal: CurrentPrincipal, facts: Facts) -> None:
    await authentication_of(request).count_upload(principal, facts)


LIMITED_UPLOAD: Final = Depends(_limited)


def _sign_in_again(request: Request) -> dict[str, str]:
    """The challenge of RFC 6750 3, and the deletion of a session cookie that is no longer valid."""
    response = Response()
    forget_cookie(request, response, SESSION)
    return {"WWW-Authenticate": "Bearer", "Set-Cookie": response.headers["set-cookie"]}
