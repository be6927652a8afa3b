"""The hash chain of the audit log: each row's hash covers the row and the hash of the row before it.

Events of the last moments are not in it yet (`sealing`).

A changed row does not match its hash, a removed row leaves a gap in the numbers, and an inserted row does not match
the row after it. Rewriting all rows up to the end leaves no trace; to detect that, note the head (the last number and
hash) outside the database. Each verification returns it.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

GENESIS: Final = "0" * 64

Detail = Mapping[str, str | int | bool | Sequence[str] | None]


class Action(StrEnum):
    """The action."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    EXECUTE = "execute"
    EXPORT = "export"
    LOGIN = "login"


class Outcome(StrEnum):
    """The outcome of the action."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILURE = "failure"


@dataclass(frozen=True)
class Event:
    """Actor, action, record, time and address; never a name or other data of the patient."""

    at: datetime
    actor: str
    actor_kind: str
    role: str
    institution: str
    action: Action
    entity: str
    entity_id: str | None
    outcome: Outcome
    address: str | None
    request_id: str | None
    detail: Detail


@dataclass(frozen=True)
class Link:
    """An event with its number and hashes in the chain."""

    seq: int
    event: Event
    previous_hash: str
    hash: str

    @classmethod
    def after(cls, seq: int, previous_hash: str, event: Event) -> "Link":
        """The link that follows row `seq`, whose hash is `previous_hash`."""
        return cls(seq + 1, event, previous_hash, _hash(seq + 1, previous_hash, event))

    @property
    def is_intact(self) -> bool:
        """Whether the row matches its hash."""
        return self.hash == _hash(self.seq, self.previous_hash, self.event)


@dataclass(frozen=True)
class ChainBreak:
    """A row where the chain is broken."""

    seq: int
    message: str


@dataclass(frozen=True)
class ChainVerification:
    """The number of rows, the head, all breaks, and the number of events that are not in the chain yet."""

    rows: int
    head_seq: int
    head_hash: str
    breaks: tuple[ChainBreak, ...]
    unsealed: int = 0


async def verify_chain(links: AsyncIterator[Link]) -> ChainVerification:
    """Verify the chain from its first row. A break does not hide later ones."""
    rows, seq, last_hash = 0, 0, GENESIS
    breaks: list[ChainBreak] = []
    async for link in links:
        breaks += _breaks(seq, last_hash, link)
        rows, seq, last_hash = rows + 1, link.seq, link.hash
    return ChainVerification(rows, seq, last_hash, tuple(breaks))


def _breaks(seq: int, last_hash: str, link: Link) -> list[ChainBreak]:
    found = []
    if link.seq != seq + 1:
        removed = f"row {seq + 1} was" if link.seq == seq + 2 else f"rows {seq + 1} to {link.seq - 1} were"
        found.append(ChainBreak(seq + 1, f"{removed} removed"))
    elif link.previous_hash != last_hash:
        found.append(
            ChainBreak(link.seq, f"row {link.seq} does not follow row {seq}: one of them was put in or replaced")
        )
    if not link.is_intact:
        found.append(ChainBreak(link.seq, f"row {link.seq} was changed"))
    return found


def _hash(seq: int, previous_hash: str, event: Event) -> str:
    """The same hash as the database function seal_audit computes."""
    return hashlib.sha256(f"{previous_hash}{seq}{canonical(event)}".encode()).hexdigest()


def canonical(event: Event) -> str:
    """The canonical JSON of an event: sorted keys, no spaces, the time in UTC with microseconds (as RFC 8785)."""
    row = asdict(event) | {"at": event.at.astimezone(UTC).isoformat(timespec="microseconds")}
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
