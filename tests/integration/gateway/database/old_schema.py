"""The schema of an older release, as a test of an upgrade begins with it."""

from alembic import command
from sqlalchemy import Connection

from gateway.database.migration import _config


def upgrade_to(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
