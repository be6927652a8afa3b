"""The migrations of this release, run by Alembic."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from gateway.database.migration import SchemaTooNew

MIGRATIONS: Final = Path(__file__).with_name("migrations")


def upgrade(connection: Connection, current: str | None) -> None:
    """Run the migrations that follow the `current` revision; raises SchemaTooNew when this release lacks that one."""
    if current is not None and not is_known_revision(current):
        raise SchemaTooNew(
            f"the database has the schema {current} of a newer release: run that one, or restore a backup"
        )
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def is_known_revision(revision_id: str) -> bool:
    """Whether this release has that revision: one of a newer release is not known."""
    return revision_id in {one.revision for one in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def alembic_config() -> Config:
    """Alembic's settings: where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
