"""What backup and restore ask of PostgreSQL: one consistent snapshot, and a database that may be replaced."""
