"""DICOM networking against a real archive, real tools, and scripted peers that misbehave."""
