"""Who is told of what: steps of an analysis wake those who show it, and nobody else."""

from uuid import uuid4

from gateway.analyses.store.notifications import Notifications, publish, publish_progress
from gateway.database.connection import Database
from tests.integration.polling import until_soon


async def test_a_step_wakes_those_who_show_it_and_a_change_wakes_all(database: Database, database_url: str) -> None:
    """A sender that looked for new reports after every step of every analysis took most of the database's time."""
    one, other = uuid4(), uuid4()
    async with Notifications(database_url).listening() as notifications:
        with (
            notifications.subscribe(one, progress=True) as shown,
            notifications.subscribe(one) as run,
            notifications.subscribe(None) as all_changes,
            notifications.subscribe(other, progress=True) as other_shown,
        ):
            events = (shown, run, all_changes, other_shown)
            await until_soon(lambda: all(event.is_set() for event in events))  # it listens: whatever came before
            for event in events:
                event.clear()
            async with database.transaction() as session:
                await publish_progress(session, one)
            await until_soon(shown.is_set)
            assert [event.is_set() for event in events] == [True, False, False, False]
            async with database.transaction() as session:
                await publish(session, one)
            await until_soon(run.is_set)
            assert [event.is_set() for event in events] == [True, True, True, False]
    assert notifications.subscribers == 0
