"""Users, API tokens, browser sessions and pending OIDC logins. Secrets are stored as hashes only."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.database.tables.base import Base, Id, Moment, one_of

ROLES = ("radiologist", "researcher", "admin")


class UserRow(Base):
    """A user, as the identity provider names them."""

    __tablename__ = "users"

    id: Mapped[Id]
    issuer: Mapped[str]
    subject: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    institution: Mapped[str]
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]

    __table_args__ = (UniqueConstraint("issuer", "subject"), CheckConstraint(one_of("role", ROLES), name="role"))


class TokenRow(Base):
    """An API token of a program."""

    __tablename__ = "tokens"

    id: Mapped[Id]
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    role: Mapped[str]
    institution: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint(one_of("role", ROLES), name="role"),
        Index("ix_tokens_newest", "institution", "created_at", "id"),
    )


class BrowserSessionRow(Base):
    """A browser session."""

    __tablename__ = "sessions"

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    principal: Mapped[dict[str, Any]]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_sessions_expires_at", "expires_at"),)


class PendingLoginRow(Base):
    """An OIDC login that a browser has begun at the identity provider; it is used once."""

    __tablename__ = "pending_sign_ins"

    state_hash: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str]
    verifier: Mapped[str]
    return_to: Mapped[str]
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_pending_sign_ins_expires_at", "expires_at"),)
