"""Archives: finding studies there, and fetching them, by DIMSE or DICOMweb."""
