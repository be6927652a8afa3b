"""A real PostgreSQL: created, killed, restarted, locked against a second owner, stopped, without loss of data."""

import asyncio
import os
import shutil
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import psycopg
import pytest
import pytest_asyncio

from engines.errors import DataFolderInUse, DataFolderInvalid
from engines.postgres_server import PostgresServer
from tests.integration.engines.owner_process import start_owner
from tests.integration.polling import until_soon


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose database was created once; each test uses a copy."""
    folder = tmp_path_factory.mktemp("made")
    asyncio.run(_start_and_stop(folder))
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "data with a space"
    shutil.copytree(made, copy)
    for path in made.rglob("*"):  # what copytree keeps: permissions; what it does not: the owner
        os.chown(copy / path.relative_to(made), path.stat().st_uid, path.stat().st_gid)
    return copy


@pytest_asyncio.fixture
async def server(folder: Path) -> AsyncIterator[PostgresServer]:
    async with PostgresServer(folder, home=folder) as server:
        yield server


async def test_it_listens_on_this_machine_alone_and_requires_the_password(server: PostgresServer) -> None:
    sockets = [link for link in psutil.Process(server.pid).net_connections("all") if link.status == "LISTEN"]
    assert {link.laddr.ip for link in sockets} == {"127.0.0.1"}
    for name, password in (("turnstile", "guessed"), ("postgres", "postgres")):
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(server.url, user=name, password=password)


def test_only_the_owner_may_read_the_secrets(folder: Path) -> None:
    kept = folder / "postgres"
    assert [stat.S_IMODE((kept / name).stat().st_mode) for name in ("password", "data")] == [0o600, 0o700]


async def test_the_role_is_no_superuser_and_durability_settings_are_on(server: PostgresServer) -> None:
    with psycopg.connect(server.url) as connection:
        assert _one(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        careful = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
        assert [_one(connection, f"SHOW {name}") for name in careful] == ["on"] * 4
        assert _one(connection, "SELECT lower('ЁЛКА Ä')") == "ёлка ä"


async def test_a_killed_server_restarts_at_its_address_with_all_committed_data(server: PostgresServer) -> None:
    first, url = server.pid, server.url
    assert first
    _write(url, rows=100)

    os.kill(first, signal.SIGKILL)
    await until_soon(lambda: server.restarts == 1 and server.state == "ready")

    assert (server.pid != first, server.url) == (True, url)
    assert _rows(url) == 100


async def test_data_outlive_a_stop_and_clients_do_not_delay_it(folder: Path) -> None:
    async with PostgresServer(folder, home=folder) as server:
        _write(server.url, rows=3)
        idle = psycopg.connect(server.url)
    idle.close()
    assert server.pid is None
    assert "database system is shut down" in server.log_path.read_text()

    async with PostgresServer(folder, home=folder) as again:
        assert _rows(again.url) == 3


async def test_a_second_owner_is_refused_and_the_first_is_not_affected(server: PostgresServer, folder: Path) -> None:
    with pytest.raises(DataFolderInUse, match="another Turnstile keeps its database in"):
        await PostgresServer(folder, home=folder).start()
    _write(server.url, rows=1)


async def test_the_server_of_a_killed_owner_ends_and_no_data_is_lost(folder: Path) -> None:
    owner, (pid, url) = start_owner("postgres_owner", folder)
    _write(url, rows=100)

    owner.kill()
    owner.wait()

    async with PostgresServer(folder, home=folder) as server:  # starts while the first server is still ending
        assert not psutil.pid_exists(int(pid))
        assert _rows(server.url) == 100


async def test_a_stale_pid_file_does_not_prevent_the_start(folder: Path) -> None:
    lines = [str(os.getpid()), str(folder / "postgres" / "data"), "1700000000", "5432", "", "127.0.0.1", "", "ready"]
    pid_file = folder / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text("\n".join(lines) + "\n")
    async with PostgresServer(folder, home=folder) as server:
        _write(server.url, rows=1)


async def test_a_cluster_of_another_version_is_left_alone(folder: Path) -> None:
    (folder / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(DataFolderInvalid, match="was made by PostgreSQL 16"):
        await PostgresServer(folder, home=folder).start()


async def test_the_log_names_no_patient(server: PostgresServer) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE patients (name text UNIQUE CHECK (length(name) > 3))")
        for row in ("'Petrova'", "'Pet'", "'Petrova', 1", "'Petrova'; nonsense"):
            with pytest.raises(psycopg.Error):
                connection.execute(f"INSERT INTO patients VALUES ('Petrov'), ({row}), ('Petrov')".encode())  # noqa: S608
    await until_soon(lambda: server.log_path.read_text().count("ERROR") == 4)
    assert "Pet" not in server.log_path.read_text()


async def _start_and_stop(folder: Path) -> None:
    async with PostgresServer(folder, home=folder):
        pass


def _write(url: str, rows: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept SELECT * FROM generate_series(1, %s)", [rows])


def _rows(url: str) -> object:
    with psycopg.connect(url) as connection:
        return _one(connection, "SELECT count(*) FROM kept")


def _one(connection: psycopg.Connection, statement: str) -> object:
    row = connection.execute(statement.encode()).fetchone()
    assert row
    return row[0]
