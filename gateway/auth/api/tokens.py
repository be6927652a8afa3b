"""API tokens: /api/tokens, for admins."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from gateway.auth.api_tokens import NewToken
from gateway.auth.token_administration import Tokens
from gateway.http.authorization import Context, requires
from gateway.http.documented_errors import problems
from gateway.http.paging import Limit, Offset, Page
from gateway.http.text_validation import Line
from gateway.permissions import GRANTS, Role, Scope
from gateway.principal import Principal

Steward = Annotated[Principal, requires(Scope.TOKENS_MANAGE)]


class Wanted(BaseModel):
    """A token to make. Without scopes it has all of its role's."""

    name: Line
    role: Role
    scopes: frozenset[Scope] | None = None
    expires_at: AwareDatetime | None = Field(None, description="Without it the token lives until it is revoked.")

    @model_validator(mode="after")
    def _possible(self) -> "Wanted":
        self.of("?", "?")
        return self

    def of(self, institution: str, created_by: str) -> NewToken:
        """The same, said by whom and for which institution."""
        scopes = GRANTS[self.role] if self.scopes is None else self.scopes
        return NewToken(self.name, self.role, institution, scopes, created_by, self.expires_at)


class Token(BaseModel):
    """What is known of a token; its secret is not."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    role: str
    scopes: list[str]
    institution: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class Made(Token):
    """A new token; `token` is told this once."""

    token: str


def tokens_router(tokens: Tokens) -> APIRouter:
    """The resource `tokens`."""
    router = APIRouter(prefix="/api/tokens", tags=["people"])

    @router.get("", summary="Tokens of the institution, newest first")
    async def page(principal: Steward, context: Context, limit: Limit = 20, offset: Offset = 0) -> Page[Token]:
        rows, total = await tokens.page(principal, limit, offset, context)
        return Page(items=[Token.model_validate(row) for row in rows], total=total, limit=limit, offset=offset)

    @router.post("", status_code=201, summary="Make a token")
    async def create(principal: Steward, context: Context, wanted: Wanted) -> Made:
        row, text = await tokens.create(principal, wanted.of(principal.institution, principal.key), context)
        return Made(**Token.model_validate(row).model_dump(), token=text)

    @router.delete(
        "/{token_id}", status_code=204, responses=problems(404), summary="Revoke a token and end its sessions"
    )
    async def revoke(principal: Steward, context: Context, token_id: UUID) -> None:
        await tokens.revoke(principal, token_id, context)

    return router
