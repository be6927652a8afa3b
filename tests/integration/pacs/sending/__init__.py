"""Results on their way to archives: real ones, scripted ones that misbehave, and none."""
