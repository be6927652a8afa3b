"""The reports and the feedback that stored scans are calibrated on."""
