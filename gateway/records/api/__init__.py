"""HTTP calls: patients, scans and their files."""
