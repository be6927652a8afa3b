"""The SQL of archives."""
