"""The chain that holds the audit together: each row's hash covers the row and the hash before it.

A row that is changed no longer has its hash, a row that is removed leaves a gap in the numbers, and a row that is put
in breaks what follows it. A forger who rewrites every row up to the end leaves no such trace: against that, the head
(the last number and hash) is noted outside the database; every verification tells it.
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
    """What was done."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    EXECUTE = "execute"
    EXPORT = "export"
    LOGIN = "login"


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILURE = "failure"


@dataclass(frozen=True)
class Event:
    """Who did what to which record, when, and from where; never a name or a word about the patient."""

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
    """An event in its place."""

    seq: int
    event: Event
    previous_hash: str
    hash: str

    @classmethod
    def after(cls, seq: int, previous_hash: str, event: Event) -> "Link":
        """The link that follows row `seq`, whose hash is `previous_hash`."""
        return cls(seq + 1, event, previous_hash, _hash(seq + 1, previous_hash, event))

    @property
    def holds(self) -> bool:
        """Whether the row is what was written."""
        return self.hash == _hash(self.seq, self.previous_hash, self.event)


@dataclass(frozen=True)
class Break:
    """A place where the chain does not hold."""

    seq: int
    words: str


@dataclass(frozen=True)
class Verification:
    """What the chain says: how many rows, the head, and every break."""

    rows: int
    head_seq: int
    head_hash: str
    breaks: tuple[Break, ...]


async def verify(links: AsyncIterator[Link]) -> Verification:
    """Walk the chain from its first row; a break does not hide the next one."""
    rows, seq, last_hash = 0, 0, GENESIS
    breaks: list[Break] = []
    async for link in links:
        breaks += _breaks(seq, last_hash, link)
        rows, seq, last_hash = rows + 1, link.seq, link.hash
    return Verification(rows, seq, last_hash, tuple(breaks))


def _breaks(seq: int, last_hash: str, link: Link) -> list[Break]:
    found = []
    if link.seq != seq + 1:
        gone = f"row {seq + 1} was" if link.seq == seq + 2 else f"rows {seq + 1} to {link.seq - 1} were"
        found.append(Break(seq + 1, f"{gone} removed"))
    elif link.previous_hash != last_hash:
        found.append(Break(link.seq, f"row {link.seq} does not follow row {seq}: one of them was put in or replaced"))
    if not link.holds:
        found.append(Break(link.seq, f"row {link.seq} was changed"))
    return found


def _hash(seq: int, previous_hash: str, event: Event) -> str:
    """As the database's append_audit has it."""
    return hashlib.sha256(f"{previous_hash}{seq}{canonical(event)}".encode()).hexdigest()


def canonical(event: Event) -> str:
    """The one spelling of an event: sorted keys, no spaces, the time in UTC with microseconds (as RFC 8785)."""
    row = asdict(event) | {"at": event.at.astimezone(UTC).isoformat(timespec="microseconds")}
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
