"""Durable analyses of stored scans: requested, queued, leased by workers, retried, ended in a report."""
