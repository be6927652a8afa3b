"""The HTTP calls of DICOMweb under /dicom-web."""
