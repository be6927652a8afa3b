"""Triton and PostgreSQL as child processes from wheels, the same servers as in a hospital's cluster."""
