"""POST /dicom-web/studies."""
