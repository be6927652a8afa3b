"""The HTTP calls of sign-in and of API tokens."""
