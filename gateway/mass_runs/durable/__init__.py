"""Mass runs through the durable queue: where uploads come from, how they get into it, and what came of them."""
