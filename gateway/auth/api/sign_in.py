"""Signing in and out, and who one is then.

A browser signs in at the identity provider (`/auth/login`, back at `/auth/callback`) or with a token (`/auth/token`);
both end in a cookie that scripts cannot read and that no other site can send.
"""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from gateway.auth import sign_in
from gateway.auth.authentication import Authentication
from gateway.http.authorization import Context, CurrentPrincipal
from gateway.http.documented_errors import problems
from gateway.http.request_credentials import (
    SESSION,
    STATE,
    cookie,
    credentials_of,
    forget_cookie,
    own_origin,
    refuse_cross_site,
    set_cookie,
)
from gateway.permissions import Role
from gateway.principal import Kind

LONGEST: Final = 4000

SIGN_IN_OF: Final[dict[Kind, Literal["local", "oidc", "token"]]] = {
    Kind.LOCAL: "local",
    Kind.PERSON: "oidc",
    Kind.PROGRAM: "token",
}


class Me(BaseModel):
    """The principal of the request."""

    name: str
    role: Role
    scopes: list[str]
    institution: str
    sign_in: Literal["local", "oidc", "token"]


class Ways(BaseModel):
    """How one can sign in here."""

    ways: list[Literal["oidc", "token"]]
    oidc_name: str | None


class TokenToSignIn(BaseModel):
    """A token for a program, changed into a session of the page."""

    token: str = Field(max_length=LONGEST)


def sign_in_router(authentication: Authentication) -> APIRouter:
    """GET /api/me and the calls below /auth."""
    router = APIRouter(tags=["auth"])

    @router.get("/api/me", summary="The signed-in principal")
    async def me(principal: CurrentPrincipal) -> Me:
        return Me(
            name=principal.name,
            role=principal.role,
            scopes=sorted(principal.scopes),
            institution=principal.institution,
            sign_in=SIGN_IN_OF[principal.kind],
        )

    @router.get("/auth/ways", summary="How one can sign in")
    async def ways() -> Ways:
        if authentication.sign_in is None:
            return Ways(ways=["token"], oidc_name=None)
        return Ways(ways=["oidc", "token"], oidc_name=authentication.settings.oidc_name)

    @router.post("/auth/token", status_code=204, summary="Change an API token into a session")
    async def token(request: Request, context: Context, body: TokenToSignIn) -> Response:
        refuse_cross_site(credentials_of(request))
        secret = await sign_in.by_token(authentication, body.token.strip(), context)
        answer = Response(status_code=204)
        set_cookie(request, answer, SESSION, secret, cross_site=False)
        return answer

    @router.get(
        "/auth/login",
        summary="To the identity provider",
        status_code=302,
        response_class=RedirectResponse,
        responses=problems(404),
    )
    async def login(
        request: Request, context: Context, next_: Annotated[str, Query(alias="next", max_length=LONGEST)] = "/"
    ) -> Response:
        where, state = await sign_in.to_provider(authentication, own_origin(request), next_, context)
        answer = RedirectResponse(where, status_code=302)
        set_cookie(request, answer, STATE, state, cross_site=True)
        return answer

    @router.get(
        sign_in.CALLBACK,
        summary="Back from the identity provider",
        status_code=302,
        response_class=RedirectResponse,
        responses=problems(404),
    )
    async def callback(
        request: Request,
        context: Context,
        state: Annotated[str, Query(max_length=LONGEST)],
        code: Annotated[str | None, Query(max_length=LONGEST)] = None,
    ) -> Response:
        kept_state = request.cookies.get(cookie(request, STATE))
        secret, return_to = await sign_in.from_provider(
            authentication, own_origin(request), state, kept_state, code, context
        )
        answer = RedirectResponse(return_to, status_code=302)
        forget_cookie(request, answer, STATE)
        set_cookie(request, answer, SESSION, secret, cross_site=False)
        return answer

    @router.post("/auth/logout", status_code=204, summary="Sign out")
    async def logout(request: Request, principal: CurrentPrincipal, context: Context) -> Response:
        await sign_in.sign_out(authentication, principal, request.cookies.get(cookie(request, SESSION)), context)
        answer = Response(status_code=204)
        forget_cookie(request, answer, SESSION)
        return answer

    return router
