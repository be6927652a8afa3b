"""The effect of Triton's settings on this machine, each compared with the current ones in the same minutes."""
