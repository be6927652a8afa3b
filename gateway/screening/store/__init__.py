"""The rows of an institution's settings."""
