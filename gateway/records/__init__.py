"""The records of patients and scans, with the original files: uploaded, listed, changed, deleted."""
