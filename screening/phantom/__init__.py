"""A synthetic chest, for the demo and tests."""
