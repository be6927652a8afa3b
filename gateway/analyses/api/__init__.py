"""The HTTP calls of analyses."""
