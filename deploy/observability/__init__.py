"""Alerts and the dashboard as code; `python -m deploy.observability` writes them to the chart, for compose too."""
