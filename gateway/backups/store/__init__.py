"""The SQL of backup and restore: a consistent snapshot, and the checks before a database is replaced."""
