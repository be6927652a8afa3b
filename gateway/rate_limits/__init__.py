"""Rate limits, shared by all gateway processes on one database."""
