"""The Idempotency-Key: a repeated request is executed once and gets the record of the first one."""
