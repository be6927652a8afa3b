"""The settings of the gateway, each with its environment variable, unit and default."""
