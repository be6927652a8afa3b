"""What the networks and a reader are shown: crop, views, display window, NIfTI."""
