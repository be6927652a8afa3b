"""The parts of a run, one a file; each measures, assesses and returns its result, independent of the others."""
