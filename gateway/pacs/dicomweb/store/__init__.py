"""SQL of the index of studies and series."""
