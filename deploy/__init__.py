"""How Turnstile runs elsewhere than in a checkout: images, Prometheus, Grafana."""
