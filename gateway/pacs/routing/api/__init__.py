"""The HTTP calls of the rules."""
