"""From members to slices: headers, identity, geometry, stored values and Hounsfield units; DICOM and NIfTI."""
