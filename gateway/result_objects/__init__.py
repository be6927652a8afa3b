"""One stored result as standard objects: DICOM SR, SEG, parametric map, captures, key objects, PDF, GSPS; FHIR."""
