"""The Idempotency-Key: the same request, sent again, does its work once and gets the same answer."""
