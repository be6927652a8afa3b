"""Alembic's entry: runs on the connection that `gateway.database.migration` hands over, in its transaction."""

from alembic import context

from gateway.database.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
