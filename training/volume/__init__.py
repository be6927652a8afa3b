"""Training and evaluation of the 3D expert on volumes with lesions painted in three dimensions."""
