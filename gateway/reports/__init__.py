"""Stored reports: read, listed, written as tables and PDF; feedback on them and statistics over them."""
