"""Every setting of the gateway, by its environment variable, unit and default."""
