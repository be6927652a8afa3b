"""HTTP calls: sign-in, sign-out and API tokens."""
