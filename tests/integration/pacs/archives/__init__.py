"""Studies from archives: a real Orthanc, and scripted archives that misbehave."""
