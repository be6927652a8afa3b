"""Triton as a child process from a wheel, the same server as in a hospital's cluster."""
