"""Quotas: how many scans and bytes an institution, and a principal of it, may send in a day."""
