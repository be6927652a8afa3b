"""Health: liveness, readiness and the metrics page."""
