"""The SQL of destinations and deliveries."""
