"""Sign-in, sign-out, and the signed-in principal.

A browser signs in at the identity provider (`/auth/login`, then `/auth/callback`) or with a token (`/auth/token`). Both
set a session cookie with HttpOnly and SameSite=Strict.
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
    SESSION_COOKIE,
    STATE_COOKIE,
    cookie_name,
    credentials_of,
    delete_cookie,
    redirect_origin,
    refuse_cross_site,
    set_cookie,
)
from gateway.permissions import Role
from gateway.principal import PrincipalKind

MAX_LENGTH: Final = 4000
CLEAR_CACHE: Final = {"Clear-Site-Data": '"cache"'}  # volumes, slices and files that the browser kept of this session

SIGN_IN_METHODS: Final[dict[PrincipalKind, Literal["local", "oidc", "token"]]] = {
    PrincipalKind.LOCAL: "local",
    PrincipalKind.PERSON: "oidc",
    PrincipalKind.PROGRAM: "token",
}


class Me(BaseModel):
    """The principal of the request."""

    name: str
    role: Role
    scopes: list[str]
    institution: str
    sign_in: Literal["local", "oidc", "token"]
    viewer_url: str | None = Field(
        description="Template of the address of the hospital's viewer, with {study_uid}; null without one."
    )


class SignInMethods(BaseModel):
    """The available sign-in methods."""

    ways: list[Literal["oidc", "token"]]
    oidc_name: str | None


class TokenSignIn(BaseModel):
    """An API token, to be exchanged for a browser session."""

    token: str = Field(max_length=MAX_LENGTH)


def sign_in_router(authentication: Authentication, viewer_url: str | None) -> APIRouter:
    """GET /api/me and the calls below /auth; `viewer_url` is the template of the hospital's viewer, for the page."""
    router = APIRouter(tags=["auth"])

    @router.get("/api/me", summary="The signed-in principal")
    async def me(principal: CurrentPrincipal) -> Me:
        return Me(
            name=principal.name,
            role=principal.role,
            scopes=sorted(principal.scopes),
            institution=principal.institution,
            sign_in=SIGN_IN_METHODS[principal.kind],
            viewer_url=viewer_url,
        )

    @router.get("/auth/ways", summary="The available sign-in methods")
    async def sign_in_methods() -> SignInMethods:
        if authentication.oidc_login is None:
            return SignInMethods(ways=["token"], oidc_name=None)
        return SignInMethods(ways=["oidc", "token"], oidc_name=authentication.settings.oidc_name)

    @router.post("/auth/token", status_code=204, summary="Exchange an API token for a browser session")
    async def token(request: Request, context: Context, body: TokenSignIn) -> Response:
        refuse_cross_site(credentials_of(request))
        secret = await sign_in.sign_in_with_token(authentication, body.token.strip(), _session_of(request), context)
        answer = Response(status_code=204)
        set_cookie(request, answer, SESSION_COOKIE, secret, cross_site=False)
        return answer

    @router.get(
        "/auth/login",
        summary="Start a login at the identity provider",
        status_code=302,
        response_class=RedirectResponse,
        responses=problems(404),
    )
    async def login(
        request: Request, context: Context, next_: Annotated[str, Query(alias="next", max_length=MAX_LENGTH)] = "/"
    ) -> Response:
        url, state = await sign_in.start_oidc_login(authentication, redirect_origin(request), next_, context)
        answer = RedirectResponse(url, status_code=302)
        set_cookie(request, answer, STATE_COOKIE, state, cross_site=True)
        return answer

    @router.get(
        sign_in.CALLBACK,
        summary="Finish a login at the identity provider",
        status_code=302,
        response_class=RedirectResponse,
        responses=problems(404),
    )
    async def callback(
        request: Request,
        context: Context,
        state: Annotated[str, Query(max_length=MAX_LENGTH)],
        code: Annotated[str | None, Query(max_length=MAX_LENGTH)] = None,
    ) -> Response:
        cookie_state = request.cookies.get(cookie_name(request, STATE_COOKIE))
        secret, return_to = await sign_in.finish_oidc_login(
            authentication, redirect_origin(request), state, cookie_state, code, _session_of(request), context
        )
        answer = RedirectResponse(return_to, status_code=302)
        delete_cookie(request, answer, STATE_COOKIE)
        set_cookie(request, answer, SESSION_COOKIE, secret, cross_site=False)
        return answer

    @router.post("/auth/logout", status_code=204, summary="Sign out")
    async def logout(request: Request, principal: CurrentPrincipal, context: Context) -> Response:
        await sign_in.sign_out(authentication, principal, _session_of(request), context)
        answer = Response(status_code=204, headers=CLEAR_CACHE)
        delete_cookie(request, answer, SESSION_COOKIE)
        return answer

    return router


def _session_of(request: Request) -> str | None:
    """The secret of the browser's session."""
    return request.cookies.get(cookie_name(request, SESSION_COOKIE))
