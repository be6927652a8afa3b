"""Export: from torch modules to the model repository that Triton serves."""
