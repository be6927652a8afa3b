"""Tests of fetching studies from archives, without an archive."""
