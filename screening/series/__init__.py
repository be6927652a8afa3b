"""From slices to the stack that is screened: stacks, suitability, preference, choice."""
