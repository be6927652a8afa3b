"""A real PostgreSQL for every test that wants one, and a database of its own for each module."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from gateway.database.connection import Database
from tests.postgres import RunningPostgres, running_postgres


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPostgres]:
    """One server a session."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as running:
        yield running


@pytest.fixture(scope="module")
def database_url(postgres: RunningPostgres) -> str:
    """A migrated database without a row, for the tests of one module."""
    return postgres.new_database()


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The module's database, connected on the test's own event loop."""
    database = Database(database_url)
    yield database
    await database.close()
