"""A consistent snapshot of the database: what a dump of it contains, and which files its records name."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import ARRAY, ColumnElement, Text, any_, column, func, literal, select, table, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit import hash_chain
from gateway.database.connection import Database
from gateway.database.tables import BlobRow, IncomingInstanceRow, ReportRow
from gateway.database.tables.audit import AuditRow
from gateway.storage.hashing_stream import StoredBlob


@dataclass(frozen=True)
class Snapshot:
    """A snapshot by its PostgreSQL name; a dump with this name contains exactly these rows."""

    name: str
    schema: str
    rows: Mapping[str, int]
    audit_head: str
    blobs: Sequence[StoredBlob] = field(repr=False)
    evidence: Sequence[str] = field(repr=False)
    waiting: Sequence[str] = field(repr=False)


@asynccontextmanager
async def open_snapshot(database: Database) -> AsyncIterator[Snapshot]:
    """Export a snapshot that is valid until the block ends; writers are not blocked."""
    async with database.transaction() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        name = await session.scalar(select(func.pg_export_snapshot()))
        blobs = await session.execute(select(BlobRow.sha256, BlobRow.size).order_by(BlobRow.sha256))
        evidence = select(ReportRow.evidence_key).where(ReportRow.evidence_key.is_not(None)).order_by(ReportRow.id)
        yield Snapshot(
            str(name),
            str(await session.scalar(select(column("version_num")).select_from(table("alembic_version")))),
            await count_rows(session),
            await audit_head(session),
            [StoredBlob(row.sha256, row.size) for row in blobs],
            [str(key) for key in await session.scalars(evidence)],
            await _waiting_keys(session),
        )


async def count_rows(session: AsyncSession) -> dict[str, int]:
    """The number of rows of each table, with those of the queue and the schema history."""
    return {
        name: await session.scalar(select(func.count()).select_from(table(name))) or 0
        for name in await table_names(session)
    }


async def table_names(session: AsyncSession) -> Sequence[str]:
    """The tables of the schema `public`."""
    query = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [str(name) for name in await session.scalars(query)]


async def audit_head(session: AsyncSession) -> str:
    """The hash of the last row of the audit log."""
    last = select(AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)
    return await session.scalar(last) or hash_chain.GENESIS


async def still_referenced(session: AsyncSession, names: Sequence[str]) -> set[str]:
    """Those of these blobs (sha256), evidence and waiting instances (keys) that records name now."""
    named = any_(literal(list(names), ARRAY(Text)))
    blobs = await session.scalars(select(BlobRow.sha256).where(BlobRow.sha256 == named))
    keys = await session.scalars(select(ReportRow.evidence_key).where(ReportRow.evidence_key == named))
    waiting = await _waiting_keys(session, IncomingInstanceRow.waiting_key == named)
    return {*blobs, *(str(key) for key in keys), *waiting}


async def _waiting_keys(session: AsyncSession, *criteria: ColumnElement[bool]) -> Sequence[str]:
    """The keys of instances from the network that are in no scan yet; none in a schema from before there were any."""
    if IncomingInstanceRow.__tablename__ not in await table_names(session):
        return []
    key = IncomingInstanceRow.waiting_key
    found = await session.scalars(select(key).where(key.is_not(None), *criteria).order_by(key))
    return [str(one) for one in found]
