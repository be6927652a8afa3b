"""Deployment: images, Prometheus, Grafana."""
