"""What receiving, sending and archives share of DICOM's upper layer."""

from pynetdicom import _config

# pynetdicom would format every identifier for its log, which is off, and convert its values: pydicom then warns of odd
# ones, and quotes them.
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
