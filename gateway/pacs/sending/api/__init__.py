"""The HTTP calls of destinations and deliveries."""
