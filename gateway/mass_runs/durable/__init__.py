"""Mass runs through the durable queue: sources of uploads, enqueueing, results."""
