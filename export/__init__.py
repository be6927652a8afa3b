"""Floor 2: from torch modules to the model repository that Triton serves."""
