"""Backups: the whole database at one moment and every file that it names, taken while the service runs, and back."""
