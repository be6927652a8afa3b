"""Shared by all HTTP calls: authorization, errors, entity tags, ranges, multipart, security headers."""
