"""The Idempotency-Key: a repeated request is executed once and gets the same answer."""
