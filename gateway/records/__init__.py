"""Patients, scans and their files: uploaded, listed, changed, deleted."""
