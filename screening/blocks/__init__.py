"""Blocks: the lungs as a volume on a grid of 2 mm, cut into boxes of one size for the 3D expert."""
