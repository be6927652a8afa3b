"""What Turnstile keeps: PostgreSQL and blobs. SQL lives here alone."""
