"""`turnstile migrate`: the database migration, which `up` also does at its start."""

from gateway.cli.messages import console, run_and_exit
from gateway.cli.records import open_records
from gateway.database.migration import why_not_current
from gateway.settings.settings import Settings
from gateway.telemetry.logs import configure_logs


def migrate() -> None:
    """Migrate the database schema to this version; several at once wait for each other."""
    run_and_exit(_migrate())


async def _migrate() -> int:
    configure_logs("error")
    async with open_records(Settings()) as store:
        reason = await why_not_current(store.database)
        console.print(reason or "the schema is up to date", highlight=False)
    return 0 if reason is None else 1
