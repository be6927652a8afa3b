"""What Triton's settings are worth on this machine: each against today's, in the same minutes."""
