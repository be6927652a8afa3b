"""The HTTP calls of reports, feedback and statistics."""
