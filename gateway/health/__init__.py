"""Liveness, readiness and the metrics page."""
