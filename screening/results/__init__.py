"""From the networks' outputs to the report: fusion, calibration, verdict, findings, localisation, evidence."""
