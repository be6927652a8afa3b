"""The parts of a run, one a file; each measures, judges and returns its result, and knows nothing of the others."""
