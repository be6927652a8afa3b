"""One moment of the whole database: what a dump of that moment holds, and which files its records name."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import ARRAY, Text, any_, column, func, literal, select, table, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit import hash_chain
from gateway.database.connection import Database
from gateway.database.tables import BlobRow, ReportRow
from gateway.database.tables.audit import AuditRow
from gateway.storage.hashing_stream import StoredBlob


@dataclass(frozen=True)
class Snapshot:
    """A moment by PostgreSQL's own name for it; whoever dumps under that name sees exactly this."""

    name: str
    schema: str
    rows: Mapping[str, int]
    audit_head: str
    blobs: Sequence[StoredBlob] = field(repr=False)
    evidence: Sequence[str] = field(repr=False)


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[Snapshot]:
    """Hold the moment for the block's time; writers are not held up."""
    async with database.transaction() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        name = await session.scalar(select(func.pg_export_snapshot()))
        blobs = await session.execute(select(BlobRow.sha256, BlobRow.size).order_by(BlobRow.sha256))
        evidence = select(ReportRow.evidence_key).where(ReportRow.evidence_key.is_not(None)).order_by(ReportRow.id)
        yield Snapshot(
            str(name),
            str(await session.scalar(select(column("version_num")).select_from(table("alembic_version")))),
            await counted(session),
            await audit_head(session),
            [StoredBlob(row.sha256, row.size) for row in blobs],
            [str(key) for key in await session.scalars(evidence)],
        )


async def counted(session: AsyncSession) -> dict[str, int]:
    """How many rows each table has, the queue's and the schema's history among them."""
    return {
        name: await session.scalar(select(func.count()).select_from(table(name))) or 0
        for name in await tables_there(session)
    }


async def tables_there(session: AsyncSession) -> Sequence[str]:
    """The tables of the schema that is ours to fill."""
    there = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [str(name) for name in await session.scalars(there)]


async def audit_head(session: AsyncSession) -> str:
    """The hash of the audit's last row."""
    last = select(AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)
    return await session.scalar(last) or hash_chain.GENESIS


async def still_named(session: AsyncSession, names: Sequence[str]) -> set[str]:
    """Those of these blobs (sha256) and evidence (keys) that records name now."""
    some = any_(literal(list(names), ARRAY(Text)))
    blobs = await session.scalars(select(BlobRow.sha256).where(BlobRow.sha256 == some))
    keys = await session.scalars(select(ReportRow.evidence_key).where(ReportRow.evidence_key == some))
    return {*blobs, *(str(key) for key in keys)}
