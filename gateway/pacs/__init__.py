"""The hospital's network: studies come by DICOM and DICOMweb, and results go back."""
