"""A database whose chain was written before events were sealed in batches is migrated, and its chain goes on."""

from sqlalchemy import text

from gateway.audit import audit_log
from gateway.audit.audit_reader import AuditReader
from gateway.audit.hash_chain import Action
from gateway.audit.sealing import seal_all
from gateway.auth.local_admin import local_admin
from gateway.database.connection import Database
from gateway.database.migration import migrate
from tests.integration.gateway.database.old_schema import upgrade_to
from tests.postgres import RunningPostgres

ADMIN = local_admin("st-anna")


async def test_the_chain_of_an_old_database_goes_on(postgres: RunningPostgres) -> None:
    database = Database(postgres.new_database("template1"))
    try:
        async with database.transaction() as session:
            await (await session.connection()).run_sync(upgrade_to, "0005")
        await _record(database, 3)  # linked at once, by the function of that release
        async with database.transaction() as session:
            heads = await session.execute(text("SELECT seq, hash FROM audit_events ORDER BY seq"))
            before = [tuple(row) for row in heads]
        assert len(before) == 3
        await migrate(database)
        await _record(database, 2)
        assert await seal_all(database) == 2
        async with database.transaction() as session:
            after = await session.execute(text("SELECT seq, hash FROM audit_events ORDER BY seq LIMIT 3"))
            assert [tuple(row) for row in after] == before
        verification = await AuditReader(database).verify()
        assert (verification.rows, verification.head_seq, verification.breaks) == (5, 5, ())
    finally:
        await database.close()


async def _record(database: Database, events: int) -> None:
    for number in range(events):
        async with database.transaction() as session:
            await audit_log.record(session, ADMIN, Action.READ, "patient", str(number), None)
