"""The audit log: events in a hash chain, one for each access to patient data; written, read, exported, verified."""
