"""PostgreSQL: connection, schema migrations, tables, and what every query shares."""
