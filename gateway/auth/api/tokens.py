"""API tokens: /api/tokens, for admins."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from gateway.auth.api_tokens import NewToken
from gateway.auth.token_administration import TokenAdministration
from gateway.http.authorization import LIST_RATE_LIMIT, Context, requires
from gateway.http.documented_errors import problems
from gateway.http.paging import Limit, Offset, Page
from gateway.http.text_validation import LineText
from gateway.permissions import GRANTS, Role, Scope
from gateway.principal import Principal

TokenAdmin = Annotated[Principal, requires(Scope.TOKENS_MANAGE)]


class TokenCreate(BaseModel):
    """A token to create. Without `scopes` it has all scopes of its role."""

    name: LineText
    role: Role
    scopes: frozenset[Scope] | None = None
    expires_at: AwareDatetime | None = Field(None, description="Without it the token is valid until it is revoked.")

    @model_validator(mode="after")
    def _is_valid_token(self) -> "TokenCreate":
        self.as_new_token("?", "?")
        return self

    def as_new_token(self, institution: str, created_by: str) -> NewToken:
        """The token of this institution, created by this principal; raises ValueError as NewToken does."""
        scopes = GRANTS[self.role] if self.scopes is None else self.scopes
        return NewToken(self.name, self.role, institution, scopes, created_by, self.expires_at)


class Token(BaseModel):
    """A token without its secret."""

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


class TokenCreated(Token):
    """A new token; `token` is its text, which cannot be read again."""

    token: str


def tokens_router(tokens: TokenAdministration) -> APIRouter:
    """The resource `tokens`."""
    router = APIRouter(prefix="/api/tokens", tags=["tokens"])

    @router.get("", dependencies=[LIST_RATE_LIMIT], summary="Tokens of the institution, newest first")
    async def page(principal: TokenAdmin, context: Context, limit: Limit = 20, offset: Offset = 0) -> Page[Token]:
        rows, total = await tokens.page(principal, limit, offset, context)
        return Page(items=[Token.model_validate(row) for row in rows], total=total, limit=limit, offset=offset)

    @router.post("", status_code=201, summary="Create a token")
    async def create(principal: TokenAdmin, context: Context, new: TokenCreate) -> TokenCreated:
        row, text = await tokens.create(principal, new.as_new_token(principal.institution, principal.key), context)
        return TokenCreated(**Token.model_validate(row).model_dump(), token=text)

    @router.delete(
        "/{token_id}", status_code=204, responses=problems(404), summary="Revoke a token and delete its sessions"
    )
    async def revoke(principal: TokenAdmin, context: Context, token_id: UUID) -> None:
        await tokens.revoke(principal, token_id, context)

    return router
