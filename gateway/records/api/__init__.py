"""The HTTP calls of patients, scans and files."""
