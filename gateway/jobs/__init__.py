"""The durable queue's workers: procrastinate hands out analyses, and what a dead worker held is taken over."""
