"""The measurements, one a module: a generator of rows, which are kept as they come."""
