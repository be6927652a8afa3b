"""The audit: every access to patient data is an event in a hash chain; written, read, exported, verified."""
