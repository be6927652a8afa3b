"""The attributes that searches return and match at each level (PS3.18 10.6.3.3)."""

from typing import Final

STUDY: Final = (
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "TimezoneOffsetFromUTC",
    "ReferringPhysicianName",
    "StudyDescription",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "StudyInstanceUID",
    "StudyID",
)
SERIES: Final = (
    "SeriesDate",
    "SeriesTime",
    "Modality",
    "Manufacturer",
    "SeriesDescription",
    "BodyPartExamined",
    "ProtocolName",
    "SeriesInstanceUID",
    "SeriesNumber",
    "Laterality",
    "PerformedProcedureStepStartDate",
    "PerformedProcedureStepStartTime",
)
INSTANCE: Final = (
    "SOPClassUID",
    "SOPInstanceUID",
    "AvailableTransferSyntaxUID",
    "ContentDate",
    "ContentTime",
    "InstanceNumber",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
)
