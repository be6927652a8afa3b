"""Refused credentials: each is an audit event, and guesses are limited.

A guess is a token that is not valid. Guesses are counted for each address and for each account that they name, and
above the limit they are answered with 429. A session that has ended, a login that was not finished and a login without
a role are no guesses: their answer never changes, but above the limit it is no longer recorded. A valid credential is
never refused because of others' guesses: a secret of 256 bits needs no lock, and a lock would keep out its owner.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from gateway.audit import audit_log
from gateway.database.connection import Database
from gateway.errors import InvalidToken, NotPermitted, NotSignedIn, TooManyRequests
from gateway.principal import RequestContext
from gateway.rate_limits.client_network import client_network
from gateway.rate_limits.rate_limit import RateLimit

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Refusals:
    """Records refusals under `institution`, since the principal's is unknown."""

    database: Database
    institution: str
    guesses: RateLimit
    guesses_of_account: RateLimit
    others: RateLimit

    @asynccontextmanager
    async def recorded(self, context: RequestContext, account: str | None = None) -> AsyncIterator[None]:
        """Record a refusal in the block before it is answered; raises TooManyRequests above the limit of guesses.

        `account` is what the credential claims to be, for instance the id of an API token.
        """
        try:
            yield
        except (NotSignedIn, NotPermitted) as refusal:
            if await self._is_to_be_recorded(refusal, context, account):
                async with self.database.transaction() as session:
                    detail = {"error": refusal.code}
                    await audit_log.record_refused_credential(session, self.institution, context, detail)
            raise

    async def _is_to_be_recorded(self, refusal: Exception, context: RequestContext, account: str | None) -> bool:
        network = client_network(context.address)
        if isinstance(refusal, InvalidToken):
            if account is not None:  # the first: a program with one expired token leaves the address its guesses
                await self.guesses_of_account.hit(account)
            await self.guesses.hit(network)
            return True
        try:
            await self.others.hit(network)
        except TooManyRequests:
            log.info("refusal not recorded: too many of this address")
            return False
        return True
