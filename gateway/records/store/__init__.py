"""The rows of patients, scans and blobs."""
