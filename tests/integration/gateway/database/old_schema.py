"""The schema of an older release, as a test of an upgrade begins with it."""

from alembic import command
from sqlalchemy import Connection

from gateway.database.alembic_upgrade import alembic_config


def upgrade_to(connection: Connection, revision: str) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
