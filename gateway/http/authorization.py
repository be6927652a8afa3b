"""What a call asks of its caller.

    async def patients(asking: Asking, facts: Facts) -> ...                          # signed in, whoever it is
    @router.get("/patients", dependencies=[needs(Scope.PATIENTS_READ)])              # signed in, with this scope
    async def patients(asking: Annotated[Principal, needs(Scope.PATIENTS_READ)])     # the same, and the asker
    @router.post("/scans", dependencies=[COUNTED_UPLOAD])                            # and not too often

Without a login the answer is 401 `not_signed_in` or `invalid_token`, without the scope 403 `not_permitted`, too often
429 `too_many_requests`. What was refused to somebody, and what was shown in vain, is in the audit.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway.audit import audit_log
from gateway.auth.authentication import Entrance
from gateway.auth.rate_limit import home_of
from gateway.auth.sign_in import refusals_kept
from gateway.errors import NotPermitted, NotSignedIn
from gateway.http.request_credentials import SESSION, entrance_of, facts_of, forget_cookie, knock_of
from gateway.permissions import Scope
from gateway.principal import Principal, RequestFacts

BEARER = HTTPBearer(auto_error=False, description="An API token (ts_...) or a token of the identity provider.")
DEEDS: Final = {"POST": audit_log.Action.CREATE, "PUT": audit_log.Action.UPDATE, "DELETE": audit_log.Action.DELETE}


async def _facts(request: Request) -> RequestFacts:
    return facts_of(request)


Facts = Annotated[RequestFacts, Depends(_facts)]


async def _asking(
    request: Request, facts: Facts, _shown: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> Principal:
    knock, entrance = knock_of(request), entrance_of(request)
    try:
        if not knock.shows_credentials:
            return await entrance.door.admit(knock)
        async with _counted_refusals(entrance, facts):
            return await entrance.door.admit(knock)
    except NotSignedIn as refusal:
        refusal.headers |= _back_to_sign_in(request)
        raise


SIGNED_IN: Final = Depends(_asking)
Asking = Annotated[Principal, SIGNED_IN]


def needs(*scopes: Scope) -> Any:
    """A dependency that gives the asker when it has every one of `scopes`."""

    async def permitted(request: Request, asking: Asking, facts: Facts) -> Principal:
        for scope in scopes:
            if not asking.may(scope):
                await _refused_to(request, asking, facts, scope)
                raise NotPermitted(f"this login does not include {scope}")
        return asking

    return Depends(permitted)


async def _counted(request: Request, asking: Asking, facts: Facts) -> None:
    await entrance_of(request).uploads.spend(asking.key, home_of(facts.address))


COUNTED_UPLOAD: Final = Depends(_counted)


@asynccontextmanager
async def _counted_refusals(entrance: Entrance, facts: RequestFacts) -> AsyncIterator[None]:
    """Count and keep a credential that opens nothing; past the rate it is no longer told why, nor kept."""
    async with refusals_kept(entrance, facts):
        try:
            yield
        except (NotSignedIn, NotPermitted):
            await entrance.sign_ins.spend(home_of(facts.address))
            raise


async def _refused_to(request: Request, asking: Principal, facts: RequestFacts, scope: Scope) -> None:
    deed = DEEDS.get(request.method, audit_log.Action.READ)
    async with entrance_of(request).database.transaction() as session:
        await audit_log.record(
            session, asking, deed, "call", None, facts, {"scope": scope.value}, audit_log.Outcome.REFUSED
        )


def _back_to_sign_in(request: Request) -> dict[str, str]:
    """RFC 6750 3; and the browser drops the cookie that no longer opens anything."""
    dropped = Response()
    forget_cookie(request, dropped, SESSION)
    return {"WWW-Authenticate": "Bearer", "Set-Cookie": dropped.headers["set-cookie"]}
