"""DICOMweb of what is held: QIDO-RS and WADO-RS (PS3.18), read-only, over scans and the results of their reports."""
