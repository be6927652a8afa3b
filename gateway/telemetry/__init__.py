"""Logs, metrics, traces and the drift of probabilities."""
