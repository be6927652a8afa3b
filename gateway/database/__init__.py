"""PostgreSQL: connection, schema migrations, tables, paging and optimistic locking."""
