"""The institutions of a database: which names the rule refuses, and a new name for one of them.

Releases before 0.2 took any name from the settings and the command line, and cleaned those of claims: they removed what
cannot be seen, and cut after 200 characters. Records under a name that is refused now are reached by no login.
"""

from dataclasses import dataclass
from typing import Final

from gateway.audit import audit_log
from gateway.auth.store import institutions as rows
from gateway.database.connection import Database
from gateway.principal import Principal
from gateway.text_rule import MAX_NAME_LENGTH, checked_name, is_visible, why_refused
from screening.user_error import UserError

CUT: Final = f"has {MAX_NAME_LENGTH} characters: an older release may have cut a longer name"


class RenamingRefused(UserError):
    """The institution was not renamed; the message says why."""


@dataclass(frozen=True)
class Institution:
    """An institution with records, and what is wrong with its name: `reason` when no login reaches them."""

    name: str
    reason: str | None

    @property
    def shown(self) -> str:
        """The name with a code for each character that cannot be seen."""
        return "".join(letter if is_visible(letter) else f"\\u{ord(letter):04x}" for letter in self.name)

    @property
    def may_be_cut(self) -> bool:
        """Whether it may be the beginning of a longer name."""
        return len(self.name) == MAX_NAME_LENGTH


async def institutions(database: Database) -> tuple[Institution, ...]:
    """All institutions with records, by name."""
    async with database.transaction() as session:
        return tuple(Institution(name, why_refused(name)) for name in await rows.names(session))


async def rename(database: Database, by: Principal, old: str, new: str) -> None:
    """Give all records of the institution `old`, or shown as `old`, to the new name `new`.

    Audit events stay under the old name, since they are never changed. Raises RenamingRefused.
    """
    known = await institutions(database)
    found = [one for one in known if one.name == old] or [one for one in known if one.shown == old]
    if len(found) != 1:
        raise RenamingRefused(f"{len(found)} institutions are shown as {old!r}; see `turnstile institution list`")
    if new in {one.name for one in known}:
        raise RenamingRefused(f"{new!r} has records already, and those of two institutions are never mixed")
    try:
        checked_name(new)
    except ValueError as error:
        raise RenamingRefused(f"{error}: choose another one") from error
    async with database.transaction() as session:
        await rows.rename(session, found[0].name, new)
        detail = {"from": found[0].shown}
        await audit_log.record(session, by, audit_log.Action.UPDATE, "institution", None, None, detail)
