"""Studies whose attributes the rules ask about."""
