"""Signing in and out, and who one is then.

A browser signs in at the identity provider (`/auth/login`, back at `/auth/callback`) or with a token (`/auth/token`);
both end in a cookie that scripts cannot read and that no other site can send.
"""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from gateway.auth import sign_in
from gateway.auth.authenticator import refuse_foreign_page
from gateway.http.authorization import Asking, Facts
from gateway.http.documented_errors import problems
from gateway.http.request_credentials import (
    SESSION,
    STATE,
    cookie,
    entrance_of,
    forget_cookie,
    knock_of,
    own_origin,
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
    """Who is asking."""

    name: str
    role: Role
    scopes: list[str]
    institution: str
    sign_in: Literal["local", "oidc", "token"]


class Ways(BaseModel):
    """How one can sign in here."""

    ways: list[Literal["oidc", "token"]]
    oidc_name: str | None


class Shown(BaseModel):
    """A token for a program, changed into a session of the page."""

    token: str = Field(max_length=LONGEST)


def session_router() -> APIRouter:
    """GET /api/me and the calls below /auth."""
    router = APIRouter(tags=["people"])

    @router.get("/api/me", summary="Who is asking")
    async def me(asking: Asking) -> Me:
        return Me(
            name=asking.name,
            role=asking.role,
            scopes=sorted(asking.scopes),
            institution=asking.institution,
            sign_in=SIGN_IN_OF[asking.kind],
        )

    @router.get("/auth/ways", summary="How one can sign in")
    async def ways(request: Request) -> Ways:
        entrance = entrance_of(request)
        if entrance.sign_in is None:
            return Ways(ways=["token"], oidc_name=None)
        return Ways(ways=["oidc", "token"], oidc_name=entrance.settings.oidc_name)

    @router.post("/auth/token", status_code=204, summary="Change an API token into a session")
    async def token(request: Request, facts: Facts, shown: Shown) -> Response:
        refuse_foreign_page(knock_of(request))
        secret = await sign_in.by_token(entrance_of(request), shown.token.strip(), facts)
        answer = Response(status_code=204)
        set_cookie(request, answer, SESSION, secret, from_elsewhere=False)
        return answer

    @router.get(
        "/auth/login",
        summary="To the identity provider",
        status_code=302,
        response_class=RedirectResponse,
        responses=problems(404),
    )
    async def login(
        request: Request, facts: Facts, next_: Annotated[str, Query(alias="next", max_length=LONGEST)] = "/"
    ) -> Response:
        where, state = await sign_in.to_provider(entrance_of(request), own_origin(request), next_, facts)
        answer = RedirectResponse(where, status_code=302)
        set_cookie(request, answer, STATE, state, from_elsewhere=True)
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
        facts: Facts,
        state: Annotated[str, Query(max_length=LONGEST)],
        code: Annotated[str | None, Query(max_length=LONGEST)] = None,
    ) -> Response:
        kept_state = request.cookies.get(cookie(request, STATE))
        secret, return_to = await sign_in.from_provider(
            entrance_of(request), own_origin(request), state, kept_state, code, facts
        )
        answer = RedirectResponse(return_to, status_code=302)
        forget_cookie(request, answer, STATE)
        set_cookie(request, answer, SESSION, secret, from_elsewhere=False)
        return answer

    @router.post("/auth/logout", status_code=204, summary="Sign out")
    async def logout(request: Request, asking: Asking, facts: Facts) -> Response:
        await sign_in.sign_out(entrance_of(request), asking, request.cookies.get(cookie(request, SESSION)), facts)
        answer = Response(status_code=204)
        forget_cookie(request, answer, SESSION)
        return answer

    return router
